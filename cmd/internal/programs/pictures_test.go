package programs_test

import (
	"bytes"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nox.energy/contract/cmd/internal/built"
	"nox.energy/contract/cmd/internal/golden"
)

const picturesFolder = "testdata/pictures"

// TestPictures photographs the dashboard and the HTML report for the README.
// With -update it writes the pictures; else it only makes sure that they can be
// taken and look like something.
func TestPictures(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts both programs and a browser")
	}
	chromium := need(t, "chromium")
	bin := built.Programs(t)
	m := startMock(t, bin, "--defect", "number-accepted")
	report := filepath.Join(t.TempDir(), "report.html")
	judge(t, bin, m.BaseURL, "--report", "html="+report)

	sound := startMock(t, bin)
	fault(t, sound, `{"manufacturer":"acme","kind":"lost","times":1,"user_id":"customer-12"}`)
	fault(t, sound, `{"manufacturer":"acme","kind":"status","status":503,"share":0.1}`)
	for _, body := range []string{`{"user_id":"customer-10"}`, `{"user_id":"customer-11"}`, `{"user_id":7}`, `{"user_id":"customer-12"}`, `{"user_id":"customer-12"}`, `{"user_id":"nox-mock:500"}`} {
		ask(t, sound, "acme-test-key-5c1d0a", body)
	}
	ask(t, sound, "initech-test-key-94f6bd", `{"user_id":"customer-10"}`)

	for name, url := range map[string]string{"report": "file://" + report, "dashboard": sound.ControlURL + "/"} {
		t.Run(name, func(t *testing.T) {
			picture := photograph(t, chromium, url)
			file := filepath.Join(picturesFolder, name+".png")
			if golden.Updating() {
				if err := os.WriteFile(file, picture, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			kept, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; to take the picture, run the test with -update", err)
			}
			if had, has := colors(t, kept), colors(t, picture); had < 30 || has < 30 {
				t.Errorf("%d colors in the picture that is kept, %d in a new one: is the page empty?", had, has)
			}
		})
	}
}

func fault(t *testing.T, m *startedMock, body string) {
	t.Helper()
	resp, err := http.Post(m.ControlURL+"/faults", "application/json", strings.NewReader(body))
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("%+v, %v", resp, err)
	}
	resp.Body.Close()
}

// ask sends a request. The response, if there is one, is of no interest.
func ask(t *testing.T, m *startedMock, key, body string) {
	t.Helper()
	req, err := http.NewRequest("POST", m.BaseURL+"/manufacturer/device-connections", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", key)
	req.Header.Set("Content-Type", "application/json")
	req.GetBody = nil // or the client would retry
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
	}
}

func photograph(t *testing.T, chromium, url string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "picture.png")
	out, err := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--user-data-dir="+t.TempDir(), "--window-size=1180,820", "--timeout=5000", "--screenshot="+file, url).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	picture, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return picture
}

func colors(t *testing.T, picture []byte) int {
	t.Helper()
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	type color struct{ r, g, b, a uint32 }
	seen := map[color]bool{}
	for y := decoded.Bounds().Min.Y; y < decoded.Bounds().Max.Y; y++ {
		for x := decoded.Bounds().Min.X; x < decoded.Bounds().Max.X; x++ {
			r, g, b, a := decoded.At(x, y).RGBA()
			seen[color{r, g, b, a}] = true
		}
	}
	return len(seen)
}

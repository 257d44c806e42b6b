package store_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock/store"
	"nox.energy/contract/mock/store/storetest"
)

// opened is the store of a file, which has begun.
func opened(t testing.TB, name string) *store.File {
	t.Helper()
	f, fixture, err := store.OpenFile(name)
	if err != nil || fixture != nil {
		t.Fatalf("%+v, %v", fixture, err)
	}
	if err := f.Start(func(err error) { t.Errorf("the file cannot be written: %v", err) }); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFile(t *testing.T) {
	storetest.Run(t, func() store.Store {
		f := opened(t, filepath.Join(t.TempDir(), "state"))
		t.Cleanup(func() { f.Close() })
		return f
	})
}

// What a store had is there when it is opened again; also where the program was
// killed, as nothing is done at the end then.
func TestFileComesBack(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, killed := range []bool{false, true} {
		name := filepath.Join(t.TempDir(), "state")
		f := opened(t, name)
		if _, err := f.SetManufacturers(t.Context(), "", []store.Manufacturer{{Name: "a", KeyDigests: store.Manufacturer{Keys: []string{"k"}}.Digests(), Enabled: true}}); err != nil {
			t.Fatal(err)
		}
		for i, id := range storetest.UserIDs() {
			for _, manufacturer := range []string{"a", "b", "c"} {
				if _, _, err := f.Connect(t.Context(), manufacturer, id, fmt.Sprint(id, i), at); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := f.Clear(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		if err := f.Put(t.Context(), store.Connection{Manufacturer: "b", UserID: "again", NoxUserID: "n"}); err != nil {
			t.Fatal(err)
		}
		if !killed {
			f.Connect(t.Context(), "a", "u", "", at.Add(time.Hour))
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		again, fixture, err := store.OpenFile(name)
		if err != nil || fixture != nil || !reflect.DeepEqual(again.Connections(), f.Connections()) {
			t.Fatalf("killed %t: there is %v, %v; there was %v", killed, again.Connections(), err, f.Connections())
		}
		all, version, err := again.Manufacturers(t.Context(), "")
		if err != nil || version == "" || len(all) != 1 || all[0].Name != "a" {
			t.Errorf("%v, %q, %v", all, version, err)
		}
		if killed {
			f.Close()
		}
	}
}

// A line that was not written whole is left out, and what comes later is whole.
func TestFileCutShort(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state")
	f := opened(t, name)
	f.Connect(t.Context(), "a", "one", "1", time.Now())
	f.Connect(t.Context(), "a", "two", "2", time.Now())
	f.Close()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		if cut < len(`{"nox_mock_state":1}`) && cut > 0 {
			continue // the first line is written before the file is there
		}
		if err := os.WriteFile(name, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		f := opened(t, name)
		lines := strings.Count(string(whole[:cut]), "\n")
		f.Connect(t.Context(), "a", "three", "3", time.Now())
		f.Close()
		again, _, err := store.OpenFile(name)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if got := len(again.Connections()); got < max(lines-1, 0)+1 || got > max(lines, 0)+1 {
			t.Errorf("cut at %d, in line %d: %d connections", cut, lines+1, got)
		}
	}
}

// A line in the middle that is damaged is an error, and the file is left alone.
func TestFileDamaged(t *testing.T) {
	for text, want := range map[string]string{
		"{\"nox_mock_state\":1}\n{\"connections\":[{\"manufacturer\":\"a\"\n{\"clear\":\"a\"}\n":     "line 2",
		"{\"nox_mock_state\":1}\n\n{\"other\":1}\n{\"clear\":\"a\"}\n":                               "line 3",
		"{\"nox_mock_state\":1}\n{\"connections\":[{\"manufacturer\":\"a\",\"user_id\":\"u\"}]}\n\n": "no nox_user_id",
	} {
		name := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := store.OpenFile(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if data, _ := os.ReadFile(name); string(data) != text {
			t.Errorf("%q is changed to %q", text, data)
		}
	}
}

// A file of which most lines are out of date is written anew, while it is used.
func TestFileIsWrittenAnew(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state")
	f := opened(t, name)
	defer f.Close()
	rounds := 0
	for before := int64(0); ; rounds++ {
		for i := range 1500 {
			if err := f.Put(t.Context(), store.Connection{Manufacturer: "a", UserID: fmt.Sprint(i % 100), NoxUserID: fmt.Sprint(i % 100), TimesAsked: int64(rounds)}); err != nil {
				t.Fatal(err)
			}
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() < before {
			break
		}
		if before = info.Size(); rounds > 1000 {
			t.Fatalf("the file has %d bytes", before)
		}
	}
	again, _, err := store.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if all := again.Connections(); len(all) != 100 || !reflect.DeepEqual(all, f.Connections()) {
		t.Errorf("%d connections: %v", len(all), all)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".state.*")); len(left) > 1 {
		t.Errorf("there are %v", left)
	}
}

// Where the file cannot be written any more, the store goes on, says so once, and
// writes everything once it can.
func TestFileThatCannotBeWritten(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	full.Close()
	name := filepath.Join(folder, "state")
	told := make(chan error, 100)
	f, _, err := store.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Start(func(err error) { told <- err }); err != nil {
		t.Fatal(err)
	}
	store.Redirect(f, "/dev/full")
	if _, created, err := f.Connect(t.Context(), "a", "u", "n", time.Now()); !created || err != nil {
		t.Fatalf("%t, %v", created, err)
	}
	if err := <-told; err == nil {
		t.Error("nothing is said of a full disk")
	}
	if err := <-told; err != nil { // it is written anew at once, as there is room here
		t.Errorf("%v", err)
	}
	f.Connect(t.Context(), "a", "v", "m", time.Now())
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	again, _, err := store.OpenFile(name)
	if err != nil || len(again.Connections()) != 2 {
		t.Errorf("%v, %v", again.Connections(), err)
	}
	if _, _, err := store.OpenFile(folder); err == nil {
		t.Error("a folder is opened")
	}
	missing, _, err := store.OpenFile(filepath.Join(folder, "missing", "state"))
	if err != nil {
		t.Fatal(err)
	}
	if err := missing.Start(func(error) {}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// BenchmarkFile is what it costs to create a connection beside those that there
// are: the same for a few and for many.
// A file that is a mount of its own cannot be replaced, and is refused before it
// is used; where that shows late, as it was mounted late, with the same words.
func TestFileMountedByItself(t *testing.T) {
	const variable = "NOX_TEST_MOUNTED"
	if name := os.Getenv(variable); name != "" { // in a namespace of its own
		late, _, err := store.OpenFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("mount", "--bind", name, name).CombinedOutput(); err != nil {
			t.Fatalf("mount: %v, %s", err, out)
		}
		if err := late.Start(func(error) {}); !errors.Is(err, store.ErrMounted) {
			t.Errorf("mounted after it was opened: %v", err)
		}
		for _, content := range []string{"", "{\"nox_mock_state\":1}\n"} {
			if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := store.OpenFile(name); !errors.Is(err, store.ErrMounted) || !strings.Contains(err.Error(), "mount the folder") {
				t.Errorf("%q: %v", content, err)
			}
		}
		return
	}
	if out, err := exec.Command("unshare", "-rm", "true").CombinedOutput(); err != nil {
		t.Skipf("no namespace to mount in: %v, %s", err, out)
	}
	for _, folder := range []string{"plain", `with space and \`} {
		name := filepath.Join(t.TempDir(), folder, "state.json")
		if err := errors.Join(os.Mkdir(filepath.Dir(name), 0o700), os.WriteFile(name, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("unshare", "-rm", os.Args[0], "-test.run=^TestFileMountedByItself$")
		cmd.Env = append(os.Environ(), variable+"="+name)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", folder, err, out)
		}
	}
}

func BenchmarkFile(b *testing.B) {
	for _, users := range []int{1_000, 400_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			f := opened(b, filepath.Join(b.TempDir(), "state"))
			var all []store.Connection
			for i := range users {
				all = append(all, store.Connection{Manufacturer: "a", UserID: fmt.Sprintf("before-%d", i), NoxUserID: fmt.Sprintf("before-%d", i)})
			}
			if err := f.Put(b.Context(), all...); err != nil {
				b.Fatal(err)
			}
			i, longest := 0, time.Duration(0)
			for b.Loop() {
				i++
				began := time.Now()
				if _, _, err := f.Connect(b.Context(), "a", fmt.Sprint(i), fmt.Sprint(i), began); err != nil {
					b.Fatal(err)
				}
				longest = max(longest, time.Since(began))
			}
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
			f.Close()
		})
	}
}

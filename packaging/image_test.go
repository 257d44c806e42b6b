//go:build unix

package packaging_test

import (
	"compress/gzip"
	"context"
	"debug/elf"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pb33f/go-yaml"
)

const dockerfile = "packaging/docker/Dockerfile"

// image is what a Dockerfile says of one of its final stages.
type image struct {
	from       string
	user       string
	env        []string
	copied     []string // to where
	health     []string
	entrypoint []string
}

// images reads the stages of the Dockerfile that other stages are not built on.
func images(t *testing.T) map[string]*image {
	t.Helper()
	all := map[string]*image{}
	var now *image
	text := strings.ReplaceAll(read(t, dockerfile), "\\\n", " ")
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		fields := strings.Fields(rest)
		switch word {
		case "FROM":
			now = &image{from: fields[0]}
			all[fields[len(fields)-1]] = now
		case "USER":
			now.user = rest
		case "ENV":
			now.env = append(now.env, fields...)
		case "COPY":
			now.copied = append(now.copied, fields[len(fields)-1])
		case "HEALTHCHECK":
			_, command, _ := strings.Cut(rest, "CMD ")
			now.health = command2list(t, command)
		case "ENTRYPOINT":
			now.entrypoint = command2list(t, rest)
		}
	}
	return map[string]*image{mockName: all[mockName], judgeName: all[judgeName]}
}

func command2list(t *testing.T, text string) (list []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%s: %s is not in exec form, and there is no shell: %v", dockerfile, text, err)
	}
	return list
}

// TestImagesHoldNothingElse reads what cannot be run without Docker.
func TestImagesHoldNothingElse(t *testing.T) {
	t.Parallel()
	number := regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`)
	for name, i := range images(t) {
		if i == nil {
			t.Fatalf("%s has no stage %s", dockerfile, name)
		}
		if i.from != "scratch" {
			t.Errorf("%s is built on %s", name, i.from)
		}
		if !number.MatchString(i.user) {
			t.Errorf("%s runs as %q, which Kubernetes cannot tell from root", name, i.user)
		}
		if !slices.Contains(i.copied, i.entrypoint[0]) {
			t.Errorf("%s starts %s, and contains %s", name, i.entrypoint[0], i.copied)
		}
	}
}

// TestImagesAreSmall measures what a pull transfers: the program, compressed.
func TestImagesAreSmall(t *testing.T) {
	t.Parallel()
	need(t)
	const limit = 20 << 20
	for _, name := range []string{mockName, judgeName} {
		var size counter
		z := gzip.NewWriter(&size)
		if _, err := io.WriteString(z, read(t, filepath.Join(programs(t), name))); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.1f MiB", name, float64(size)/(1<<20))
		if size > limit {
			t.Errorf("%s: %d bytes compressed, over %d", name, size, limit)
		}
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// TestImages runs both programs as their images do: in a root with nothing but
// the program, as a user who may write nowhere, with the environment and the
// health check of the Dockerfile.
func TestImages(t *testing.T) {
	t.Parallel()
	need(t)
	if os.Getuid() != 0 {
		t.Skip("only root may change its root")
	}
	all := images(t)
	mock, judge := newContainer(t, all[mockName]), newContainer(t, all[judgeName])
	port, control := freePort(t), freePort(t)
	mock.env = append(mock.env, "NOX_MOCK_CONTROL_LISTEN=127.0.0.1:"+control)
	for i, v := range mock.env {
		mock.env[i] = strings.Replace(v, ":4010", ":"+port, 1)
	}

	if out, code := run(t, mock.command(all[mockName].health)); code != 1 {
		t.Errorf("healthy before it runs: exit code %d\n%s", code, out)
	}
	serving := start(t, mock.command(all[mockName].entrypoint))
	t.Cleanup(func() { serving.end() })
	healthy := false
	for range 100 {
		if _, code := run(t, mock.command(all[mockName].health)); code == 0 {
			healthy = true
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !healthy {
		t.Fatalf("it does not become healthy: %s", serving.output.String())
	}

	target := "http://127.0.0.1:" + port + "/v2"
	judge.env = testKeys()
	args := composeCommand(t)
	out, code := run(t, judge.command(append(all[judgeName].entrypoint, args(target)...)))
	if code != 0 || !strings.Contains(out, "CONFORMS") {
		t.Errorf("the judge, as the compose file runs it: exit code %d\n%s", code, out)
	}
	if code := serving.end(); code != 0 {
		t.Errorf("SIGTERM: exit code %d\n%s", code, serving.output.String())
	}
}

// container is a root folder and a user.
type container struct {
	t        *testing.T
	folder   string
	env      []string
	uid, gid uint32
}

func newContainer(t *testing.T, i *image) *container {
	t.Helper()
	uid, gid, _ := strings.Cut(i.user, ":")
	c := &container{t: t, folder: t.TempDir(), env: slices.Clone(i.env)}
	for n, text := range map[*uint32]string{&c.uid: uid, &c.gid: gid} {
		v, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		*n = uint32(v)
	}
	program := filepath.Join(programs(t), filepath.Base(i.entrypoint[0]))
	write(t, filepath.Join(c.folder, i.entrypoint[0]), read(t, program), 0o555)
	for _, library := range libraries(t, program) {
		write(t, filepath.Join(c.folder, library), read(t, library), 0o555)
	}
	// The folder of the test is its user's alone.
	for at := c.folder; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// libraries are those that a program loads. Released programs load none; those of
// the test may, as they are built with cgo where there is a C compiler, so that
// not everything is compiled twice.
func libraries(t *testing.T, program string) []string {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Section(".interp") == nil {
		return nil
	}
	out, err := exec.Command("ldd", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`/\S+`).FindAllString(string(out), -1)
}

func (c *container) command(argv []string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), argv[0], argv[1:]...)
	cmd.Path, cmd.Err = argv[0], nil // as seen from inside
	cmd.Dir, cmd.Env = "/", c.env
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     c.folder,
		Credential: &syscall.Credential{Uid: c.uid, Gid: c.gid},
	}
	return cmd
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// composeCommand returns the command of the compose file's judge, with another
// target.
func composeCommand(t *testing.T) func(target string) []string {
	t.Helper()
	var file struct {
		Services map[string]struct {
			Build struct {
				Context, Dockerfile, Target string
			}
			ReadOnly  bool `yaml:"read_only"`
			DependsOn map[string]struct {
				Condition string
			} `yaml:"depends_on"`
			Environment map[string]string
			Command     []string
		}
	}
	const name = "packaging/docker/compose.yaml"
	if err := yaml.Unmarshal([]byte(read(t, name)), &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for service, s := range file.Services {
		path := filepath.Join(filepath.Dir(name), s.Build.Context, s.Build.Dockerfile)
		if path != dockerfile || images(t)[s.Build.Target] == nil || !s.ReadOnly {
			t.Errorf("%s: %s is built from %s, %s, read-only: %v", name, service, path, s.Build.Target, s.ReadOnly)
		}
	}
	judge := file.Services["conformance"]
	if judge.DependsOn[mockName].Condition != "service_healthy" {
		t.Errorf("%s: the judge does not wait for the mock", name)
	}
	for _, v := range testKeys() {
		key, value, _ := strings.Cut(v, "=")
		if judge.Environment[key] != value {
			t.Errorf("%s: %s is not the key of the mock", name, key)
		}
	}
	last := len(judge.Command) - 1
	if want := "http://" + mockName + ":4010/v2"; judge.Command[last] != want {
		t.Errorf("%s: the target is %s, not %s", name, judge.Command[last], want)
	}
	return func(target string) []string { return append(slices.Clone(judge.Command[:last]), target) }
}

// TestService holds the systemd unit to what systemd and the program know.
func TestService(t *testing.T) {
	t.Parallel()
	need(t)
	help, _ := run(t, exec.Command(filepath.Join(programs(t), mockName), "--help"))
	settings := read(t, "packaging/systemd/nox-mock.env")
	names := regexp.MustCompile(`(?m)^#?NOX_MOCK_([A-Z_]+)=`).FindAllStringSubmatch(settings, -1)
	if len(names) == 0 {
		t.Error("no variables were found")
	}
	for _, m := range names {
		if flag := "--" + strings.ToLower(strings.ReplaceAll(m[1], "_", "-")); !strings.Contains(help, flag) {
			t.Errorf("nox-mock.env sets %s, and there is no flag %s", m[0], flag)
		}
	}
	need(t, "systemd-analyze")
	unit := filepath.Join(t.TempDir(), "nox-mock.service")
	write(t, unit, strings.ReplaceAll(read(t, "packaging/systemd/nox-mock.service"), "/usr/bin/nox-mock", filepath.Join(programs(t), mockName)), 0o644)
	if out, code := run(t, exec.Command("systemd-analyze", "verify", "--man=no", unit)); code != 0 || strings.Contains(out, mockName) { // it tells of other units too
		t.Errorf("systemd-analyze verify: exit code %d\n%s", code, out)
	}
	if out, code := run(t, exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=15", unit)); code != 0 {
		t.Errorf("systemd-analyze security: exit code %d\n%s", code, out)
	}
}

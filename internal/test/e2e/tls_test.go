package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"callbook/internal/certificate"
	"callbook/internal/clock"
)

// TestSelfSigned: programs in five languages trust the certificate that the server has
// made, as it prints, and none of them does without.
func TestSelfSigned(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "book.db")
	auth := newAccount(t, db, "demo")
	s := startServer(t, db, "--tls-self-signed")
	if !strings.HasPrefix(s.URL, "https://") {
		t.Fatalf("the server listens on %s", s.URL)
	}
	waitFor(startLimit, func() bool { return strings.Contains(s.stdout.String(), "-Djavax.net.ssl.trustStore=") })
	printed := s.stdout.String()
	path := regexp.MustCompile(`curl --cacert '([^']+)'`).FindStringSubmatch(printed)
	if path == nil {
		t.Fatalf("how curl trusts the certificate is not printed:\n%s", printed)
	}
	if info, err := os.Stat(db + ".tls-key.pem"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is %v, %v", info, err)
	}
	url, user := s.URL+"/v2/accounts/"+auth.AccountSID+"/contacts", auth.APIKey+":"+auth.APIToken
	goFile := filepath.Join(t.TempDir(), "main.go")
	const program = `package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	req, _ := http.NewRequest("GET", os.Getenv("BOOK_URL"), nil)
	req.SetBasicAuth(os.Getenv("BOOK_KEY"), os.Getenv("BOOK_TOKEN"))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	io.Copy(os.Stdout, res.Body)
}
`
	if err := os.WriteFile(goFile, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "BOOK_URL="+url, "BOOK_KEY="+auth.APIKey, "BOOK_TOKEN="+auth.APIToken)
	for name, tt := range map[string]struct {
		args    []string
		trusts  []string // what is added to the arguments
		setting string   // or to the environment
		printed string
	}{
		"curl": {[]string{tool(t, "curl"), "-sS", "-u", user, url}, []string{"--cacert", path[1]}, "", "curl --cacert '" + path[1] + "'"},
		"Node": {
			[]string{tool(t, "node"), "-e", `fetch(process.env.BOOK_URL, {headers: {Authorization: "Basic " + btoa(process.env.BOOK_KEY + ":" + process.env.BOOK_TOKEN)}}).then(r => r.text()).then(console.log).catch(e => {console.error(e); process.exit(1)})`},
			nil, "NODE_EXTRA_CA_CERTS=" + path[1], "NODE_EXTRA_CA_CERTS='" + path[1] + "' node",
		},
		"Python": {
			[]string{pythonWithRequests(t), "-c", `import os, requests; print(requests.get(os.environ["BOOK_URL"], auth=(os.environ["BOOK_KEY"], os.environ["BOOK_TOKEN"])).text)`},
			nil, "REQUESTS_CA_BUNDLE=" + path[1], "REQUESTS_CA_BUNDLE='" + path[1] + "' python3",
		},
		"PHP": {
			[]string{phpWithCurl(t), "-r", `$c = curl_init(getenv("BOOK_URL")); curl_setopt($c, CURLOPT_USERPWD, getenv("BOOK_KEY") . ":" . getenv("BOOK_TOKEN")); if (!curl_exec($c)) { fwrite(STDERR, curl_error($c)); exit(1); }`},
			[]string{"-d", "curl.cainfo=" + path[1]}, "", "php -d curl.cainfo='" + path[1] + "'",
		},
		"Go": {[]string{tool(t, "go"), "run", goFile}, nil, "SSL_CERT_FILE=" + path[1], "SSL_CERT_FILE='" + path[1] + "' go run"},
	} {
		if !strings.Contains(printed, tt.printed) {
			t.Errorf("%s: %q is not printed", name, tt.printed)
		}
		run := func(args, env []string) (string, error) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, args[0], args[1:]...)
			cmd.Env = env
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
		if out, err := run(tt.args, env); err == nil {
			t.Errorf("%s trusts the certificate unasked: %s", name, out)
		}
		args := append([]string{tt.args[0]}, append(tt.trusts, tt.args[1:]...)...)
		if out, err := run(args, append(env, tt.setting)); err != nil || !strings.Contains(out, `"http_code":200`) {
			t.Errorf("%s, told to trust it: %v, %s", name, err, out)
		}
	}
}

// TestCertificateKept: the server keeps its certificate over a restart, and makes another
// one when it gets another name.
func TestCertificateKept(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "book.db")
	var before string
	for i, args := range [][]string{nil, nil, {"--tls-host", "book.example.com"}} {
		s := startServer(t, db, append(args, "--tls-self-signed")...)
		pem, err := os.ReadFile(db + ".tls-cert.pem")
		if err != nil {
			t.Fatal(err)
		}
		if same := string(pem) == before; same != (i == 1) {
			t.Errorf("start %d with %v: the certificate is the one from before: %v", i+1, args, same)
		}
		before = string(pem)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		res, err := (&http.Client{Transport: transport}).Get(s.URL + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); res.StatusCode != http.StatusOK || res.ProtoMajor != 2 {
			t.Errorf("got %s over %s", res.Status, res.Proto)
		}
		s.stop(t)
	}
}

// TestCertificateChanges: a certificate that is replaced under load serves new
// connections, and breaks none that is open.
func TestCertificateChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := x509.NewCertPool()
	replace := func(name string) {
		t.Helper()
		if _, err := certificate.SelfSigned(cert, key, []string{"127.0.0.1", name}, nil, clock.System); err != nil {
			t.Fatal(err)
		}
		pem, err := os.ReadFile(cert)
		if err != nil {
			t.Fatal(err)
		}
		pool.AppendCertsFromPEM(pem)
	}
	replace("one.example.com")
	s := startServer(t, filepath.Join(dir, "book.db"), "--tls-cert", cert, "--tls-key", key)
	address := strings.TrimPrefix(s.URL, "https://")

	trusted := pool.Clone()
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			var dials int
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				dials++
				return (&net.Dialer{}).DialContext(ctx, network, addr)
			}}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			for {
				select {
				case <-stop:
					return
				default:
				}
				res, err := client.Get(s.URL + "/healthz")
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK || dials != 1 {
					t.Errorf("got %s, %v over connection %d", res.Status, err, dials)
				}
				_ = res.Body.Close()
			}
		})
	}
	for _, name := range []string{"second.example.com", "third.example.com"} {
		replace(name)
		var shown []string
		if !waitFor(startLimit, func() bool {
			conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
			if err != nil {
				t.Error(err)
				return true
			}
			defer conn.Close()
			shown = conn.ConnectionState().PeerCertificates[0].DNSNames
			return slices.Contains(shown, name)
		}) {
			t.Errorf("new connections get the certificate of %v", shown)
		}
	}
	close(stop)
	clients.Wait()
}

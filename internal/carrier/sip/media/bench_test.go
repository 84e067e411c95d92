package media

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// peerProcess, in the environment, makes the test binary the callees of [BenchmarkCalls],
// so that their work does not count as that of the callers.
const peerProcess = "CALLBOOK_MEDIA_PEER"

func TestMain(m *testing.M) {
	if os.Getenv(peerProcess) != "" {
		if err := answerCalls(os.Stdin, os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// answerCalls answers each offer that it reads, and sends silence to all callers, until
// there are no more offers.
func answerCalls(in io.Reader, out io.Writer) error {
	e, err := Open(Options{First: 40000, Last: 49999, Bind: loopback})
	if err != nil {
		return err
	}
	go e.Run(context.Background())
	offers, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var offer []byte
		if err := offers.Decode(&offer); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		s, err := e.NewSession(Settings{})
		if err != nil {
			return err
		}
		answer, err := s.Reoffer(offer)
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
}

// BenchmarkCalls has 500 calls at once, with sound both ways, for ten seconds. It reports
// the share of packets that were sent more than 20 ms late, the share of a core, and the
// memory of a session. What is promised is 0.1 %, 35 % and 60 KB.
func BenchmarkCalls(b *testing.B) {
	const calls, lasts = 500, 10 * time.Second
	peers := exec.Command(os.Args[0])
	peers.Env = append(os.Environ(), peerProcess+"=1")
	peers.Stderr = os.Stderr
	in, err := peers.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := peers.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := peers.Start(); err != nil {
		b.Fatal(err)
	}
	defer peers.Wait()
	defer in.Close()

	prompt := tone(100)
	before := memory()
	e := newEngine(b)
	offers, answers := json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))
	var playing sync.WaitGroup
	defer playing.Wait()
	for range calls {
		s := newSession(b, e, Settings{})
		defer s.Close()
		if err := offers.Encode(s.Offer()); err != nil {
			b.Fatal(err)
		}
		var answer []byte
		if err := answers.Decode(&answer); err != nil {
			b.Fatal(err)
		}
		if err := s.Answer(answer); err != nil {
			b.Fatal(err)
		}
		playing.Go(func() {
			for s.Play(b.Context(), prompt) == nil {
			}
		})
	}
	b.ResetTimer()
	sent, used := e.Stats(), processor(b)
	begun := time.Now()
	time.Sleep(lasts)
	took := time.Since(begun)
	now := e.Stats()
	b.StopTimer()
	b.ReportMetric(100*float64(now.Late-sent.Late)/float64(now.Sent-sent.Sent), "%late")
	b.ReportMetric(float64(now.Sent-sent.Sent)/took.Seconds(), "packets/s")
	b.ReportMetric(100*float64(processor(b)-used)/float64(took), "%core")
	b.ReportMetric(float64(memory()-before)/calls/1000, "KB/call")
}

// memory returns the bytes of heap and stacks.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// processor returns the processor time of this process so far.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

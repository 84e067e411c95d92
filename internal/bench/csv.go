package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// csvResult is what the import of a CSV file came to.
type csvResult struct {
	Rows            int     `json:"rows"`
	FileMB          float64 `json:"file_mb"`
	TakeMS          float64 `json:"take_ms"` // from the first byte sent to the answer
	RowsPerSecond   float64 `json:"rows_per_second"`
	FloorPerSecond  float64 `json:"floor_contacts_per_second"`
	RateToFloor     float64 `json:"rate_to_floor"`
	PeakMB          float64 `json:"server_peak_mb"`
	Kills           int     `json:"kills"`
	KilledPerSecond float64 `json:"killed_rows_per_second"` // restarts and what is done twice included
}

const (
	csvKills    = 3
	csvFloor    = 20 // transactions before and after the import
	csvPoll     = 10 * time.Millisecond
	csvLimit    = 10 * time.Minute // for all rows of one file
	csvListName = "bench"
)

// csv imports a file of this many rows twice: undisturbed, and with a server
// that is killed on the way. Both must end with exactly what the file holds.
func (l *lab) csv(ctx context.Context, rows int) (res csvResult, err error) {
	err = withDir(l.dir, "csv-", func(dir string) error {
		file, err := l.gen.writeCSV(dir, rows, 2*csvFloor*bulk)
		if err != nil {
			return err
		}
		runtime.GC()
		res.Rows, res.FileMB = rows, megabytes(file.bytes)
		if err := l.csvUndisturbed(ctx, dir, file, &res); err != nil {
			return err
		}
		l.progress("csv       %s rows: %s rows/s, %.0f MB at most", grouped(rows), grouped(int(res.RowsPerSecond)), res.PeakMB)
		if err := l.csvKilled(ctx, dir, file, &res); err != nil {
			return fmt.Errorf("killed on the way: %w", err)
		}
		l.progress("csv       killed %d times: all counts are right", res.Kills)
		return nil
	})
	if err != nil {
		return csvResult{}, fmt.Errorf("csv: %w", err)
	}
	return res, nil
}

// csvUndisturbed imports the file, between two turns of the floor.
func (l *lab) csvUndisturbed(ctx context.Context, dir string, file csvFile, res *csvResult) error {
	return withDir(dir, "undisturbed-", func(dir string) (err error) {
		s, err := l.startServer(ctx, dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		f, err := l.engine.openFloor(ctx, dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.close()) }()
		var floors total
		half := len(file.rows) / 2
		for i, rows := range [][]row{file.rows[:half], file.rows[half:]} {
			turn, err := runFloor(ctx, f, rows, bulk, math.MaxInt64)
			if err != nil {
				return err
			}
			floors.add(turn)
			if i > 0 {
				break
			}
			if err := l.csvTimed(ctx, s, file, res); err != nil {
				return err
			}
		}
		res.FloorPerSecond = percentile(floors.rates, 50) * float64(bulk)
		res.RateToFloor = ratio(res.RowsPerSecond, res.FloorPerSecond)
		return nil
	})
}

// csvTimed uploads the file and waits until its rows are worked.
func (l *lab) csvTimed(ctx context.Context, s *server, file csvFile, res *csvResult) error {
	c := newClient(s.url, s.first, 1)
	defer c.close()
	s.resetPeak()
	start := time.Now()
	id, list, err := c.uploadCSV(ctx, file)
	if err != nil {
		return err
	}
	taken := time.Now()
	res.TakeMS = milliseconds(taken.Sub(start))
	if _, err := c.awaitCSV(ctx, id, math.MaxInt); err != nil {
		return err
	}
	res.RowsPerSecond = perSecond(file.want.Total, time.Since(taken))
	res.PeakMB = megabytes(s.peak())
	return c.checkCSV(ctx, id, list, file)
}

// csvKilled imports the file with a server that is killed on the way, each time
// at another part of it.
func (l *lab) csvKilled(ctx context.Context, dir string, file csvFile, res *csvResult) error {
	return withDir(dir, "killed-", func(dir string) (err error) {
		s, err := l.startServer(ctx, dir)
		if err != nil {
			return err
		}
		stop := s.stop
		defer func() { err = errors.Join(err, stop()) }()
		c := newClient(s.url, s.first, 1)
		defer func() { c.close() }()
		id, list, err := c.uploadCSV(ctx, file)
		if err != nil {
			return err
		}
		taken := time.Now()
		for res.Kills < csvKills {
			at := file.want.Total * (res.Kills + 1) / (csvKills + 1)
			before, err := c.awaitCSV(ctx, id, at)
			if err != nil {
				return err
			}
			if before.Status != csvRunning {
				return fmt.Errorf("the upload is %s before the server could be killed: it has too few rows", before.Status)
			}
			if err := s.kill(); err != nil {
				return err
			}
			stop = func() error { return nil }
			res.Kills++
			if s, err = s.again(ctx); err != nil {
				return err
			}
			stop = s.stop
			c.close()
			c = newClient(s.url, s.first, 1)
			after, err := c.csvStatus(ctx, id)
			if err != nil {
				return err
			}
			if after.Stats.Total < before.Stats.Total {
				return fmt.Errorf("the stats were %+v, and are %+v after a restart", before.Stats, after.Stats)
			}
		}
		if _, err := c.awaitCSV(ctx, id, math.MaxInt); err != nil {
			return err
		}
		res.KilledPerSecond = perSecond(file.want.Total, time.Since(taken))
		return c.checkCSV(ctx, id, list, file)
	})
}

// uploadCSV sends the file and returns the sids of its upload and list.
func (c *client) uploadCSV(ctx context.Context, file csvFile) (id, list string, err error) {
	f, err := os.Open(file.path)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	var head bytes.Buffer
	form := multipart.NewWriter(&head)
	for name, value := range map[string]string{"list_name": csvListName, "type": "dynamic"} {
		if err := form.WriteField(name, value); err != nil {
			return "", "", err
		}
	}
	if _, err := form.CreateFormFile("file_name", filepath.Base(file.path)); err != nil {
		return "", "", err
	}
	tail := "\r\n--" + form.Boundary() + "--\r\n"
	size := head.Len() + file.bytes + len(tail)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/csv-upload", io.MultiReader(&head, f, bytes.NewReader([]byte(tail))))
	if err != nil {
		return "", "", err
	}
	req.ContentLength = int64(size)
	req.SetBasicAuth(c.auth.Key, c.auth.Token)
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := c.http.Do(req)
	if err != nil {
		return "", "", fmt.Errorf("upload the file: %w", err)
	}
	defer res.Body.Close()
	var answer struct {
		Response struct {
			Data struct {
				Summary struct {
					ID   string `json:"upload_id"`
					List string `json:"list_sid"`
				}
			}
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", "", fmt.Errorf("upload the file: the answer is %s: %w", res.Status, err)
	}
	summary := answer.Response.Data.Summary
	if res.StatusCode != http.StatusOK || summary.ID == "" {
		return "", "", fmt.Errorf("upload the file: the answer is %s", res.Status)
	}
	return summary.ID, summary.List, nil
}

// csvRunning is the status of an upload whose rows are worked.
const csvRunning = "in-progress"

// csvStatus is how far an upload is.
type csvStatus struct {
	Status string   `json:"status"`
	Stats  csvStats `json:"stats"`
}

func (c *client) csvStatus(ctx context.Context, id string) (status csvStatus, err error) {
	err = c.read(ctx, c.account()+"/csv-status/"+id, &status)
	return status, err
}

// awaitCSV waits until so many rows of an upload are worked, or all are.
func (c *client) awaitCSV(ctx context.Context, id string, rows int) (csvStatus, error) {
	poll := time.NewTicker(csvPoll)
	defer poll.Stop()
	deadline := time.After(csvLimit)
	for {
		status, err := c.csvStatus(ctx, id)
		if err != nil || status.Status != csvRunning || status.Stats.Total >= rows {
			return status, err
		}
		select {
		case <-poll.C:
		case <-deadline:
			return status, fmt.Errorf("the upload is not done after %s: %+v", csvLimit, status)
		case <-ctx.Done():
			return status, context.Cause(ctx)
		}
	}
}

// checkCSV checks everything that counts the rows of an upload.
func (c *client) checkCSV(ctx context.Context, id, list string, file csvFile) error {
	status, err := c.csvStatus(ctx, id)
	if err != nil {
		return err
	}
	if want := (csvStatus{Status: "completed", Stats: file.want}); status != want {
		return fmt.Errorf("the upload ended with %+v, want %+v", status, want)
	}
	var kept struct {
		Contacts int `json:"contact_count"`
	}
	if err := c.read(ctx, c.lists()+"/"+list, &kept); err != nil {
		return err
	}
	everybody, err := c.total(ctx, c.url)
	if err != nil {
		return err
	}
	members, err := c.total(ctx, c.lists()+"/"+list+"/contacts")
	if err != nil {
		return err
	}
	if want := file.want.Success; kept.Contacts != want || everybody != want || members != want {
		return fmt.Errorf("the list's contact_count is %d, it has %d contacts, and the account %d: want %d",
			kept.Contacts, members, everybody, want)
	}
	odd, err := c.get(ctx, c.account()+"/csv-status/"+id+"/errors", nil)
	if err != nil {
		return err
	}
	if lines, want := bytes.Count(odd, []byte("\n")), 1+file.want.Failed+file.want.Duplicate; lines != want {
		return fmt.Errorf("the file of the errors has %d lines, want %d", lines, want)
	}
	return nil
}

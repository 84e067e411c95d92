package verify

import (
	"bytes"
	"context"
	"fmt"
)

// prompts checks that the file of each recording has the stored hash.
func (r *runner) prompts(ctx context.Context) error {
	r.count(0, "recordings")
	for _, a := range r.accounts {
		err := r.view.Prompts(ctx, a.ID, func(p *Prompt) error {
			r.row()
			r.count(1, "recordings")
			if !bytes.Equal(p.Hash, p.Sum[:]) {
				r.problem(a.SID, fmt.Sprintf("recording %q has a file that is not the one that was uploaded", p.Name))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a.SID, err)
		}
	}
	return nil
}

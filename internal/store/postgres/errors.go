package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"callbook/internal/fault"
	"callbook/internal/store"
)

// errAgain makes a transaction be done again.
var errAgain = errors.New("another transaction came between")

// errUnsure means that nobody knows whether a commit holds.
var errUnsure = errors.New("the database did not confirm the commit")

// errGivenUp means that whoever asked waits no more.
var errGivenUp = errors.New("given up")

// errSlow is the cause of a context that ends when the database takes too long.
var errSlow = errors.New("the database takes too long")

// causeOf adds why the context ended to an error that came of it.
func causeOf(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case errors.Is(context.Cause(ctx), errSlow):
		return fmt.Errorf("%w: %w", errSlow, err)
	default:
		return fmt.Errorf("%w: %w: %w", errGivenUp, context.Cause(ctx), err)
	}
}

// storeError says what was being done, and makes a fault of what may be better a
// moment later: the database is not there, is starting, ending or a standby, is
// full, or was in everybody's way. Nil stays nil, and a fault stays one.
//
// This and the functions below are where PostgreSQL's codes are read.
func storeError(operation string, err error) error {
	if err == nil {
		return nil
	}
	if fault.As(err) != nil {
		return err
	}
	err = withoutValues(fmt.Errorf("%s: %w", operation, err))
	if !passing(err) {
		return err
	}
	return store.Away(err)
}

// readOnlyTransaction is the code of a write where none are taken: the database
// became a standby.
const readOnlyTransaction = "25006"

// passing tells whether the same thing may go well a moment later.
func passing(err error) bool {
	if errors.Is(err, errGivenUp) {
		return false
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case readOnlyTransaction,
			"25P03", // idle_in_transaction_session_timeout
			"55P03", // lock_not_available
			"57014": // query_canceled, by the database's own limits
			return true
		}
		switch pg.Code[:min(2, len(pg.Code))] {
		case "08", // connection exception
			"40", // transaction rollback, after all attempts
			"53", // insufficient resources: connections, memory, disk
			"57", // operator intervention: it is starting or ending
			"58": // system error
			return true
		}
		return false
	}
	if errors.Is(err, errReadOnly) || errors.Is(err, errSlow) || errors.Is(err, errUnsure) || errors.Is(err, errAgain) ||
		errors.Is(err, ErrCopied) {
		return true
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	return connecting || network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err)
}

// MayPass tells whether what failed with an error may go well a moment later, as
// [Open] may once there is a database that takes writes.
func MayPass(err error) bool {
	if errors.Is(err, ErrCopied) {
		return false // it takes as long as it takes, and somebody is at it
	}
	return fault.Is(err, fault.Unavailable) || fault.As(err) == nil && err != nil && passing(err)
}

// rolledBack tells whether the database has undone a transaction and doing it
// again may go well.
func rolledBack(err error) bool {
	if errors.Is(err, errAgain) {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01") // serialization_failure, deadlock_detected
}

// taken tells whether a key is there already.
func taken(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505" // unique_violation
}

// receiptTaken tells whether that key is one of a receipt.
func receiptTaken(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505" && pg.TableName == "idempotency_keys"
}

// claimed tells whether another transaction is done for the same key. Nothing
// else divides.
func claimed(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "22012" // division_by_zero
}

// quotaExceeded tells whether [quotaCheck] has failed. Nothing else takes a
// logarithm.
func quotaExceeded(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "2201E" // invalid_argument_for_logarithm
}

// noRow tells whether a query that has one row or none had none.
func noRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// warned is where a connection keeps what it was warned of.
const warned = "callbook: warned"

// noteWarning keeps a warning for the commit that it may belong to: when a
// database gives up waiting for its standby, it says COMMIT all the same, and
// tells only by a warning that what was written may be lost.
func noteWarning(conn *pgconn.PgConn, notice *pgconn.Notice) {
	if strings.EqualFold(notice.SeverityUnlocalized, "WARNING") {
		conn.CustomData()[warned] = notice.Message
	}
}

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

	"callbook/internal/account"
	"callbook/internal/fault"
	"callbook/internal/store"
)

// errAgain makes a transaction start again.
var errAgain = errors.New("another transaction came between")

// errUnsure means that a commit may or may not have succeeded.
var errUnsure = errors.New("the database did not confirm the commit")

// errGivenUp means that the caller does not wait any more.
var errGivenUp = errors.New("given up")

// errSlow is the cause of a context that ends when the database takes too long.
var errSlow = errors.New("the database takes too long")

// causeOf adds the reason why the context ended to an error that followed from it.
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

// storeError adds the operation to an error. It turns an error that may be gone a moment
// later into an Unavailable fault: the database is unreachable, starting, stopping, a
// standby, out of resources, or has timed out. It returns nil and faults unchanged.
//
// The functions below are the only ones that read PostgreSQL's error codes.
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

// readOnlyTransaction is the code of a write to a database that is a standby now.
const readOnlyTransaction = "25006"

// passing reports whether the same operation may succeed a moment later.
func passing(err error) bool {
	if errors.Is(err, errGivenUp) {
		return false
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case readOnlyTransaction,
			"25P03", // idle_in_transaction_session_timeout
			"55P03", // lock_not_available
			"57014": // query_canceled, by a timeout of the database
			return true
		}
		switch pg.Code[:min(2, len(pg.Code))] {
		case "08", // connection exception
			"40", // transaction rollback, after the last attempt
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

// MayPass reports whether an operation that failed with err, such as [Open], may succeed
// when it is tried again later.
func MayPass(err error) bool {
	if errors.Is(err, ErrCopied) {
		return false // a copy may take long, and somebody is watching it
	}
	return fault.Is(err, fault.Unavailable) || fault.As(err) == nil && err != nil && passing(err)
}

// rolledBack reports whether the database has rolled back a transaction that may succeed
// when it is retried.
func rolledBack(err error) bool {
	if errors.Is(err, errAgain) {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01") // serialization_failure, deadlock_detected
}

// taken reports whether a unique key exists already.
func taken(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505" // unique_violation
}

// receiptTaken reports whether that key is one of a receipt.
func receiptTaken(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505" && pg.TableName == "idempotency_keys"
}

// claimed reports whether [claimKey] has failed, because another transaction has the
// idempotency key. No other statement divides.
func claimed(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "22012" // division_by_zero
}

// errAccountGone is [account.ErrDeleted], where a parameter hides that package.
var errAccountGone = account.ErrDeleted

// accountGone reports whether [accountCheck] has failed. No other statement takes a square
// root.
func accountGone(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "2201F" // invalid_argument_for_power_function
}

// quotaExceeded reports whether [quotaCheck] has failed. No other statement takes a
// logarithm.
func quotaExceeded(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "2201E" // invalid_argument_for_logarithm
}

// noRow reports whether a query for one row found none.
func noRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// warned is the key under which a connection stores the last warning.
const warned = "callbook: warned"

// noteWarning stores a warning, for the commit that it may belong to. A database that
// gives up waiting for its standby still answers COMMIT. Only a warning tells that the
// written data may be lost.
func noteWarning(conn *pgconn.PgConn, notice *pgconn.Notice) {
	if strings.EqualFold(notice.SeverityUnlocalized, "WARNING") {
		conn.CustomData()[warned] = notice.Message
	}
}

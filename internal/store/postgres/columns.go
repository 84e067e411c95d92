package postgres

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"callbook/internal/addressbook"
	"callbook/internal/phone"
)

// These types pass a column of a bulk write as an array. The elements are pointers into
// the written values, and the types tell pgx how to encode them. So no value is copied,
// and no row allocates.
type (
	sidColumn    = pgtype.FlatArray[*sidValue]
	numberColumn = pgtype.FlatArray[*numberValue]
	dateColumn   = pgtype.FlatArray[*dateValue]
	textColumn   = pgtype.FlatArray[*textValue]
	jsonColumn   = pgtype.FlatArray[*jsonValue]
)

type (
	sidValue    addressbook.SID
	numberValue phone.Number
	dateValue   time.Time // the zero time is NULL
	textValue   addressbook.Text
	jsonValue   string // "" is NULL
)

func (v *sidValue) UUIDValue() (pgtype.UUID, error) {
	return pgtype.UUID{Bytes: *v, Valid: true}, nil
}

func (v *numberValue) Int64Value() (pgtype.Int8, error) {
	return pgtype.Int8{Int64: int64(*v), Valid: true}, nil
}

func (v *dateValue) Int64Value() (pgtype.Int8, error) {
	t := time.Time(*v)
	return pgtype.Int8{Int64: t.UnixNano(), Valid: !t.IsZero()}, nil
}

func (v *textValue) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: v.Value, Valid: v.Given}, nil
}

func (v *jsonValue) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: string(*v), Valid: *v != ""}, nil
}

// These types scan the columns of a row.

func (v *sidValue) ScanUUID(from pgtype.UUID) error {
	*v = from.Bytes
	return nil
}

func (v *numberValue) ScanInt64(from pgtype.Int8) error {
	*v = numberValue(from.Int64)
	return nil
}

func (v *dateValue) ScanInt64(from pgtype.Int8) error {
	*v = dateValue{}
	if from.Valid {
		*v = dateValue(time.Unix(0, from.Int64))
	}
	return nil
}

func (v *textValue) ScanText(from pgtype.Text) error {
	*v = textValue{Value: from.String, Given: from.Valid}
	return nil
}

func (v *jsonValue) ScanText(from pgtype.Text) error {
	*v = jsonValue(from.String)
	return nil
}

// registerColumns tells a connection the types of columns, for the execution modes of pgx
// in which it does not ask the database.
func registerColumns(types *pgtype.Map) {
	types.RegisterDefaultPgType(sidColumn{}, "_uuid")
	types.RegisterDefaultPgType(numberColumn{}, "_int8")
	types.RegisterDefaultPgType(dateColumn{}, "_int8")
	types.RegisterDefaultPgType(textColumn{}, "_text")
	types.RegisterDefaultPgType(jsonColumn{}, "_text")
	types.RegisterDefaultPgType((*sidValue)(nil), "uuid")
	types.RegisterDefaultPgType((*numberValue)(nil), "int8")
	types.RegisterDefaultPgType((*dateValue)(nil), "int8")
	types.RegisterDefaultPgType((*textValue)(nil), "text")
}

// sids returns a column of these sids, without copying them.
func sids(all []addressbook.SID) sidColumn {
	column := make(sidColumn, len(all))
	for i := range all {
		column[i] = (*sidValue)(&all[i])
	}
	return column
}

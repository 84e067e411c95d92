package upload_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"callbook/internal/test/servertest"
)

// seen is what a table test looks at of a contact: number, the five texts, then
// custom_field; "-" is null.
func seen(c servertest.Contact) string {
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	custom := string(c.CustomField)
	if custom == "null" {
		custom = "-"
	}
	return strings.Join([]string{c.Number, text(c.FirstName), text(c.LastName), text(c.CompanyName), text(c.Email), text(c.Tag), custom}, "|")
}

// stored returns all the account's contacts.
func stored(t *testing.T, c *servertest.Client) []string {
	t.Helper()
	var all []string
	for _, item := range c.List("limit=1000").Page(t).Response {
		all = append(all, seen(*item.Data))
	}
	return all
}

// list is a list as the wire has it.
type list struct {
	SID, Name, Type string
	ContactCount    int `json:"contact_count"`
}

func getList(t *testing.T, c *servertest.Client, sid string) list {
	t.Helper()
	var got struct{ Response struct{ Data list } }
	if err := json.Unmarshal(c.Get(c.Path("/lists/"+sid)).Body, &got); err != nil {
		t.Fatal(err)
	}
	return got.Response.Data
}

// only is a contact with a number alone.
func only(number string) string { return number + "|-|-|-|-|-|-" }

const asha, vikram = "+919876543210", "+919876543211"

// TestRows uploads files to an empty address book.
func TestRows(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	for i, tt := range []struct {
		name, file string
		dynamic    bool
		contacts   []string
		duplicate  int
		errors     []string // line, code and what the reason begins with
	}{
		{name: "plain", file: "number,first_name,last_name,company_name,email,tag\n" + asha + ",Asha,Rao,Lotus,a@example.com,gold\n",
			contacts: []string{asha + "|Asha|Rao|Lotus|a@example.com|gold|-"}},
		{name: "no newline at the end", file: "number\n" + asha, contacts: []string{only(asha)}},
		{name: "header alone", file: "number\n"},
		{name: "header alone, no newline", file: "number"},
		{name: "CRLF", file: "number,first_name\r\n" + asha + ",Asha\r\n" + vikram + ",Vikram\r\n",
			contacts: []string{asha + "|Asha|-|-|-|-|-", vikram + "|Vikram|-|-|-|-|-"}},
		{name: "CR CR LF, as of CRLF converted once more", file: "number,first_name\r\r\n" + asha + ",Asha\r\r\n", contacts: []string{asha + "|Asha|-|-|-|-|-"}},
		{name: "CR in a column's name", file: "number,\"custom_field.a\rb\"\n" + asha + ",x\n", contacts: []string{asha + `|-|-|-|-|-|{"a\rb":"x"}`}},
		{name: "BOM and another case", file: "\ufeffFirst_Name, NUMBER \nAsha," + asha + "\n", contacts: []string{asha + "|Asha|-|-|-|-|-"}},
		{name: "BOM and a quoted header", file: "\ufeff\"number\"\n" + asha + "\n", contacts: []string{only(asha)}},
		{name: "empty lines", file: "\n\r\n\nnumber\n\n\n" + asha + "\r\n\n" + "x\n\n",
			contacts: []string{only(asha)}, errors: []string{"9 1002 Invalid Number"}},
		{name: "quotes", file: "number,first_name,tag\n\"" + asha + "\",\"Asha, \"\"Rao\"\"\",\"two\nlines\"\n" + vikram + ",V,\n",
			contacts: []string{asha + "|Asha, \"Rao\"|-|-|-|two\nlines|-", vikram + "|V|-|-|-|-|-"}},
		{name: "CRLF in a cell", file: "number,tag\r\n" + asha + ",\"two\r\nlines\"\r\nx,\r\n",
			contacts: []string{asha + "|-|-|-|-|two\nlines|-"}, errors: []string{"4 1002 Invalid Number"}},
		{name: "trimmed", file: "number,first_name,last_name,company_name,email,tag\n " + asha + " ,  Asha\t, \u00a0Rao , Lotus ,  a@example.com , gold \n",
			contacts: []string{asha + "|Asha|Rao|Lotus|a@example.com| gold |-"}},
		{name: "fewer cells", file: "number,first_name,last_name\n" + asha + "\n" + vikram + ",Vikram\n",
			contacts: []string{only(asha), vikram + "|Vikram|-|-|-|-|-"}},
		{name: "more cells", file: "number,first_name\n" + asha + ",Asha,Rao\n" + vikram + ",, ,\n",
			contacts: []string{only(vikram)}, errors: []string{"2 1002 The row has 3 cells, and the header 2"}},
		{name: "no number", file: "number,first_name\n,Asha\n\"\",Asha\n",
			errors: []string{"2 1001 Number is mandatory", "3 1001 Number is mandatory"}},
		{name: "bad numbers", file: "number\n98765x\n12\n+0123456789\n \n",
			errors: []string{"2 1002 Invalid Number: it has letters", "3 1002 Invalid Number: too short for India (+91)",
				"4 1002 Invalid Number: no country has its calling code"}},
		{name: "rows without text", file: "number,first_name\n,\n \n\"\",\" \"\n\ufeff,\u00a0\n" + asha + ",\n,,,\n", contacts: []string{only(asha)}},
		{name: "spellings", file: "number\n9876543210\n09876543210\n919876543210\n00919876543210\n" + asha + "\n",
			contacts: []string{only(asha)}, duplicate: 4,
			errors: []string{"3 1008 The contact is in the list already", "4 1008 ", "5 1008 ", "6 1008 "}},
		{name: "Windows-1252", file: "number,first_name,notes\n" + asha + ",Jos\xe9 \x80,\n" + vikram + ",José,caf\xe9\n9876543\xe9\n",
			contacts: []string{asha + "|José €|-|-|-|-|-", vikram + "|José|-|-|-|-|-"}, errors: []string{"4 1002 Invalid Number"}},
		{name: "UTF-8 with damage", file: "number,first_name,notes\n" + asha + ",Jos\xe9,\n" + vikram + ",José,é\n9876543\xe9\n",
			contacts: []string{vikram + "|José|-|-|-|-|-"}, errors: []string{"2 1002 Invalid FirstName: not valid UTF-8", "4 1002 Invalid Number"}},
		{name: "NUL far down", file: "number,first_name\n" + strings.Repeat("x\n", 4096) + asha + ",As\x00ha\n" + vikram + ",V\n",
			contacts: []string{vikram + "|V|-|-|-|-|-"}},
		{name: "too long", file: "number,first_name\n" + asha + "," + strings.Repeat("é", 255) + "\n" + vikram + "," + strings.Repeat("é", 256) + "\n",
			contacts: []string{asha + "|" + strings.Repeat("é", 255) + "|-|-|-|-|-"},
			errors:   []string{"3 1002 Maximum allowed length for FirstName is 255"}},
		{name: "bare quote", file: "number,first_name\n" + asha + ",As\"ha\n" + vikram + ",V\n",
			contacts: []string{asha + "|As\"ha|-|-|-|-|-", vikram + "|V|-|-|-|-|-"}},
		{name: "after a closing quote", file: "number,first_name\n" + asha + ",\"As\"ha\n" + vikram + ",V\n",
			contacts: []string{asha + "|Asha|-|-|-|-|-", vikram + "|V|-|-|-|-|-"}},
		{name: "a quote never closed", file: "number,first_name\n" + asha + ",\"Asha\n" + vikram + ",V\n",
			contacts: []string{vikram + "|V|-|-|-|-|-"}, errors: []string{"2 1002 The row is not valid CSV: a quote"}},
		{name: "two quotes never closed", file: "number,first_name\n" + asha + ",\"Asha\n" + vikram + ",\"V\n9876543212,W\n",
			contacts: []string{only("+919876543212")[:13] + "|W|-|-|-|-|-"}, errors: []string{"2 1002 The row", "3 1002 The row"}},
		{name: "a very long row", file: "number,first_name\n" + asha + "," + strings.Repeat("x", 300<<10) + "\n" + vikram + ",V\n",
			contacts: []string{vikram + "|V|-|-|-|-|-"}, errors: []string{"2 1002 The row is too long"}},
		{name: "very many empty lines", file: "number\n" + strings.Repeat("\n", 400<<10) + asha + "\n" + strings.Repeat("\r\n", 300<<10),
			contacts: []string{only(asha)}},
		{name: "other columns", file: "id,number,,notes,notes,\n1," + asha + ",a,b,c,d\n", contacts: []string{only(asha)}},
		{name: "custom columns", file: "number,custom_field.plan,CUSTOM_FIELD.Seats\n" + asha + ",\"a \"\"b\"\"\\\n\",12\n" + vikram + ",,\n",
			contacts: []string{asha + `|-|-|-|-|-|{"plan":"a \"b\"\\\n","Seats":12}`, only(vikram)}},
		{name: "custom values", file: "number,custom_field.a,custom_field.b,custom_field.c,custom_field.d,custom_field.e\n" +
			asha + `,-1.50E2,"[1, {""x"":null}]", true ,null,"""12"""` + "\n" + vikram + ",012,'12,'-12,'', x \n",
			contacts: []string{asha + `|-|-|-|-|-|{"a":-1.50E2,"b":[1,{"x":null}],"c":true,"d":null,"e":"12"}`,
				vikram + `|-|-|-|-|-|{"a":"012","b":"'12","c":"-12","d":"'","e":" x "}`}},
		{name: "custom_field whole", file: "number,Custom_Field\n" + asha + `,"{ ""b"":1,""a"" : {},""b"":""\u00e9""}"` + "\n" + vikram + ",\n",
			contacts: []string{asha + `|-|-|-|-|-|{"b":1,"a":{},"b":"\u00e9"}`, only(vikram)}},
		{name: "custom_field whole, not good", file: "number,custom_field,custom_field.a\n" + asha + ",gold,\n" + asha + ",[1],\n" + asha + ",null,\n" +
			asha + ",\"{\"\"a\"\":\"\"\\ud800\"\"}\",\n" + asha + ",{\xff},\n" + asha + ",{},x\n" + vikram + ",,x\n",
			contacts: []string{vikram + `|-|-|-|-|-|{"a":"x"}`},
			errors: []string{"2 1002 Invalid CustomField: the cell under custom_field must be a JSON object", "3 1002 Invalid CustomField: the cell",
				"4 1002 Invalid CustomField: the cell", "5 1002 Invalid CustomField: the cell", "6 1002 Invalid CustomField: the cell",
				"7 1002 Invalid CustomField: the row has a cell under custom_field and one under custom_field.a"}},
		{name: "custom_field whole and a variable", dynamic: true, file: "number,custom_field,city\n" + asha + ",{},Pune\n" + vikram + ",{},\n",
			contacts: []string{vikram + `|-|-|-|-|-|{}`},
			errors:   []string{"2 1002 Invalid CustomField: the row has a cell under custom_field and one under city"}},
		{name: "marks", file: "number,first_name,last_name,company_name,email,tag,custom_field.a\n" + asha + ",'=1+1,',' Lotus ,''x,'+1,'\n" +
			vikram + ",'abc, '=x ,O'Neil,'5,=1,'a\n",
			contacts: []string{asha + `|=1+1|| Lotus |'x|+1|{"a":""}`, vikram + `|'abc|'=x|O'Neil|'5|=1|{"a":"'a"}`}},
		{name: "marks, variables", dynamic: true, file: "number,a,b,c\n" + asha + ",'=1+1,12,'\n",
			contacts: []string{asha + `|-|-|-|-|-|{"a":"=1+1","b":"12","c":""}`}},
		{name: "columns of an export", dynamic: true, file: "callbook_sid,callbook_date_created,Callbook_Date_Updated,number,a,b,c,d,e\n1,2,3," + asha + ",,,,,v\n",
			contacts: []string{asha + `|-|-|-|-|-|{"e":"v"}`}},
		{name: "custom, not UTF-8", file: "\ufeffnumber,custom_field.plan\n" + asha + ",caf\xe9\n", errors: []string{"2 1002 Invalid plan: not valid UTF-8"}},
		{name: "custom, too long", file: "number,custom_field.plan\n" + asha + "," + strings.Repeat("x", 16380) + "\n",
			errors: []string{"2 1002 Maximum allowed length for CustomField is 16384"}},
		{name: "variables", dynamic: true, file: "city,number,first_name,Due,\"a \"\"b\"\"\",custom_field.plan,d,e,\nPune," + asha + ",Asha,12.50,x,gold,,,\n",
			contacts: []string{asha + `|Asha|-|-|-|-|{"city":"Pune","Due":"12.50","a \"b\"":"x","plan":"gold"}`}},
		{name: "columns of ours", dynamic: true, file: "callbook_line,callbook_code,Callbook_Reason,number,a,b,c,d,e\n1,2,3," + asha + ",,,,,v\n",
			contacts: []string{asha + `|-|-|-|-|-|{"e":"v"}`}},
		{name: "one column, quotes only", file: "number\n\"\"\n" + asha + "\n", contacts: []string{only(asha)}},
		{name: "null", file: "number,first_name,last_name,custom_field.a\n" + asha + ",\\N,NULL,NULL\n" + vikram + ",'NULL,Null,null\nNULL,a,,\n",
			contacts: []string{only(asha), vikram + `|NULL|Null|-|-|-|{"a":null}`}, errors: []string{"4 1001 "}},
		{name: "stray quotes", file: "number,first_name,last_name\n" + asha + ",Asha \"Ash\" K,\"R \"a\" o, J\"\n" + vikram + ",\"V\" I,\"x\"\n",
			contacts: []string{asha + `|Asha "Ash" K|R "a" o, J|-|-|-|-`, vikram + "|V I|x|-|-|-|-"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := s.Account(fmt.Sprintf("rows-%d", i)).For(t)
			parts := []string{}
			if tt.dynamic {
				parts = []string{"type", "dynamic"}
			}
			u := c.Upload("Leads", tt.file, parts...)
			status := c.Await(u)
			if status.Status != "completed" || status.ID != u.ID || status.List != u.List {
				t.Errorf("got %+v", status)
			}
			if diff := cmp.Diff(tt.contacts, stored(t, c)); diff != "" {
				t.Errorf("contacts (-want +got):\n%s", diff)
			}
			want := servertest.Stats{Success: len(tt.contacts), Duplicate: tt.duplicate, Failed: len(tt.errors) - tt.duplicate}
			if strings.HasPrefix(tt.name, "NUL") {
				want.Failed = 4097
			}
			want.Total = want.Success + want.Duplicate + want.Failed
			if status.Stats != want {
				t.Errorf("stats are %+v, want %+v", status.Stats, want)
			}
			if l := getList(t, c, u.List); l.ContactCount != len(tt.contacts) || l.Name != "Leads" || (l.Type == "dynamic") != tt.dynamic {
				t.Errorf("the list is %+v", l)
			}
			_, records := c.Errors(u)
			if len(records) != 1+want.Failed+want.Duplicate {
				t.Fatalf("%d error rows: %.300q", len(records)-1, records)
			}
			for i, prefix := range tt.errors {
				if got := strings.Join(records[i+1][:3], " "); !strings.HasPrefix(got, prefix) {
					t.Errorf("error row %d is %q, want %q", i, got, prefix)
				}
			}
		})
	}
	waitFor(t, "the files to go", func() bool { return len(s.UploadFiles()) == 0 })
}

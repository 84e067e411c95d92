package openapitest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Answers as the server should write them, for the tests to spoil.
const (
	contacts = "/v2/accounts/demo/contacts"
	sid      = "0198f2c4a1b27d3e9f405162738495a6"

	contact = `{"sid":"` + sid + `","date_created":"2026-03-14T09:26:53.5+05:30",` +
		`"date_updated":"2026-03-14T09:26:53.5+05:30","account_sid":"demo","number":"+919876543210",` +
		`"first_name":"Asha","last_name":null,"company_name":"","email":null,"tag":null,` +
		`"custom_field":null,"uri":"` + contacts + `/` + sid + `"}`
	created   = `{"code":200,"error_data":null,"status":"success","data":` + contact + `}`
	refused   = `{"code":400,"error_data":{"code":1001,"message":"Mandatory Parameter missing","description":"Number is mandatory"},"status":"failed","data":null}`
	duplicate = `{"code":409,"error_data":{"code":1008,"message":"Duplicate resource","description":""},"status":"failed","data":` + contact + `}`

	bulk = `{"request_id":"` + requestID + `","method":"POST","http_code":207,` +
		`"metadata":{"failed":2,"total":3,"success":1},"response":[` + created + `,` + refused + `,` + duplicate + `]}`
	single = `{"request_id":"` + requestID + `","method":"GET","http_code":200,"response":` + created + `}`
	page   = `{"request_id":"` + requestID + `","method":"GET","http_code":200,` +
		`"metadata":{"count":1,"offset":0,"limit":1,"total":2,"page_size":1,` +
		`"first_page_uri":"` + contacts + `?limit=1&offset=0","prev_page_uri":null,` +
		`"next_page_uri":"` + contacts + `?limit=1&offset=1","next_cursor":"AAGY8sShsn0"},"response":[` + created + `]}`
)

const (
	lists   = "/v2/accounts/demo/lists"
	listSID = "0198f2c4b5c67a8b9cadbecfd0e1f203"

	list = `{"sid":"` + listSID + `","date_created":"2026-03-14T09:26:53.5+05:30",` +
		`"date_updated":"2026-03-14T09:26:53.5+05:30","account_sid":"demo","name":"Members","tag":null,` +
		`"contact_count":3,"type":"static","uri":"` + lists + `/` + listSID + `"}`
	listPage = `{"request_id":"` + requestID + `","method":"GET","http_code":200,` +
		`"metadata":{"count":1,"offset":0,"limit":20,"total":1,"page_size":20,` +
		`"first_page_uri":"` + lists + `?limit=20&offset=0","prev_page_uri":null,"next_page_uri":null,"next_cursor":null},` +
		`"response":[{"code":200,"error_data":null,"status":"success","data":` + list + `}]}`
	membership = `{"sid":"` + sid + `","contact_sid":"` + sid + `","list_id":"` + listSID + `","list_sid":"` + listSID + `",` +
		`"account_sid":"demo","date_created":"2026-03-14T09:26:53.5+05:30","date_updated":"2026-03-14T09:26:53.5+05:30",` +
		`"uri":"` + lists + `/` + listSID + `/contacts/` + sid + `"}`
	already  = `{"code":409,"error_data":{"code":1008,"message":"Duplicate resource","description":""},"status":"failed","data":` + membership + `}`
	addition = `{"request_id":"` + requestID + `","method":"POST","http_code":207,` +
		`"metadata":{"failed":1,"total":2,"success":1},"response":[` +
		`{"code":200,"error_data":null,"status":"success","data":` + membership + `},` + already + `]}`
)

// oneOf is the answer about one thing.
func oneOf(method, data string) string {
	return `{"request_id":"` + requestID + `","method":"` + method + `","http_code":200,` +
		`"response":{"code":200,"error_data":null,"status":"success","data":` + data + `}}`
}

// failure is the answer to a request that failed as a whole.
func failure(method string, status, code int, message, description string) string {
	return fmt.Sprintf(`{"request_id":"%s","method":"%s","http_code":%d,"response":{"code":%d,`+
		`"error_data":{"code":%d,"message":"%s","description":"%s"},"status":"failed","data":null}}`,
		requestID, method, status, status, code, message, description)
}

// reply makes an answer with the headers that most answers have.
func reply(request string, status int, body string, headers ...string) answer {
	method, path, _ := strings.Cut(request, " ")
	a := answer{method: method, path: path, status: status, body: []byte(body), header: http.Header{
		"Content-Type": {"application/json"},
		"X-Request-Id": {requestID},
	}}
	for i := 0; i < len(headers); i += 2 {
		a.header[headers[i]] = []string{headers[i+1]}
	}
	return a
}

func TestGoodAnswers(t *testing.T) {
	checker := New(t)
	for name, a := range map[string]answer{
		"bulk":             reply("POST "+contacts, 207, bulk),
		"bulk, other case": reply("POST /v2/Accounts/demo/contacts", 207, bulk),
		"charset":          reply("POST "+contacts, 207, bulk, "Content-Type", "application/json; charset=utf-8"),
		"single":           reply("GET "+contacts+"/"+sid, 200, single),
		"page":             reply("GET "+contacts, 200, page),
		"head":             reply("HEAD "+contacts, 200, ""),
		"head refused": reply("HEAD "+contacts, 405, "",
			"Allow", "GET, POST"),
		"key twice in a custom field": reply("GET "+contacts+"/"+sid, 200,
			strings.Replace(single, `"custom_field":null`, `"custom_field":{"a":1e400,"a":[{"b":1,"b":2}]}`, 1)),
		"no contacts": reply("POST "+contacts, 400,
			failure("POST", 400, 1001, "Mandatory Parameter missing", "Contacts is mandatory")),
		"unparsable": reply("POST "+contacts, 400,
			failure("POST", 400, 1007, "Invalid request body,failed parsing ", "unexpected EOF")),
		"unauthorized": reply("POST "+contacts, 401,
			failure("POST", 401, 1010, "Authorization failed", ""), "Www-Authenticate", `Basic realm="callbook"`),
		"busy": reply("GET "+contacts, 503,
			failure("GET", 503, 1503, "Service unavailable", ""), "Retry-After", "1"),
		"method": reply("PATCH "+contacts, 405,
			failure("PATCH", 405, 1405, "Method not allowed", ""), "Allow", "GET, HEAD, POST, PUT, DELETE"),
		"page with lists": reply("GET "+contacts, 200, strings.Replace(page, sid+`"}`, sid+`","lists":[{"sid":"`+listSID+`","name":"a"}]}`, 1)),
		"lists":           reply("GET "+lists, 200, listPage),
		"list":            reply("PUT "+lists+"/"+listSID, 200, oneOf("PUT", list)),
		"name taken": reply("PUT "+lists+"/"+listSID, 409,
			failure("PUT", 409, 1008, "Duplicate resource", "")),
		"members":        reply("GET "+lists+"/"+listSID+"/contacts", 200, strings.ReplaceAll(page, contacts+"?", lists+"/"+listSID+"/contacts?")),
		"members, added": reply("POST "+lists+"/"+listSID+"/contacts", 207, addition),
		"member, removed": reply("DELETE "+lists+"/"+listSID+"/contacts/"+sid, 200,
			oneOf("DELETE", membership)),
		"unknown path":      reply("GET /v2/nothing", 404, failure("GET", 404, 1000, "Not Found", "")),
		"unknown path, 400": reply("GET /v2/nothing", 400, failure("GET", 400, 1002, "Invalid parameter", "Invalid Path")),
		"alive":             reply("GET /healthz", 200, `{"status":"ok"}`),
		"not ready":         reply("GET /readyz", 503, `{"status":"unavailable"}`),
		"document":          reply("GET /openapi.yaml", 200, "openapi: 3.1.0\n", "Content-Type", "application/yaml"),
	} {
		if err := checker.doc.check(a); err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
	}
}

// Each of these is wrong in one small way, which must be reported as such.
func TestWrongAnswers(t *testing.T) {
	spoilt := func(body, old, wrong string) string {
		t.Helper()
		if !strings.Contains(body, old) {
			t.Fatalf("there is no %s to spoil", old)
		}
		return strings.Replace(body, old, wrong, 1)
	}
	inBulk := func(old, wrong string) answer {
		t.Helper()
		return reply("POST "+contacts, 207, spoilt(bulk, old, wrong))
	}
	inSingle := func(old, wrong string) answer {
		t.Helper()
		return reply("GET "+contacts+"/"+sid, 200, spoilt(single, old, wrong))
	}
	inPage := func(old, wrong string) answer {
		t.Helper()
		return reply("GET "+contacts, 200, spoilt(page, old, wrong))
	}
	inList := func(old, wrong string) answer {
		t.Helper()
		return reply("GET "+lists+"/"+listSID, 200, spoilt(oneOf("GET", list), old, wrong))
	}
	inAddition := func(old, wrong string) answer {
		t.Helper()
		return reply("POST "+lists+"/"+listSID+"/contacts", 207, spoilt(addition, old, wrong))
	}
	missing := failure("POST", 400, 1001, "Mandatory Parameter missing", "Contacts is mandatory")
	inFailure := func(old, wrong string) answer {
		t.Helper()
		return reply("POST "+contacts, 400, spoilt(missing, old, wrong))
	}
	unavailable := failure("GET", 503, 1503, "Service unavailable", "")
	refusedMethod := failure("PATCH", 405, 1405, "Method not allowed", "")
	notFound := failure("GET", 404, 1000, "Not Found", "")

	for name, test := range map[string]struct {
		answer answer
		why    string // part of the report
	}{
		// The envelope.
		"http_code missing":    {inBulk(`"http_code":207,`, ``), "http_code"},
		"http_code of another": {inBulk(`"http_code":207`, `"http_code":200`), "http_code"},
		"http_code as a word":  {inBulk(`"http_code":207`, `"http_code":"207"`), "http_code"},
		"method of another":    {inBulk(`"method":"POST"`, `"method":"GET"`), "method"},
		"method in lower case": {inBulk(`"method":"POST"`, `"method":"post"`), "method"},
		"request id as a UUID": {inBulk(requestID, "0b6f3c51-d9a8-4e6c-8f2a-7e5d4c3b2a19"), "request_id"},
		"request id of another": {
			reply("POST "+contacts, 207, bulk, "X-Request-Id", sid), "request_id",
		},
		"key too many":         {inBulk(`"http_code"`, `"ok":true,"http_code"`), "ok"},
		"key twice":            {inBulk(`"http_code"`, `"method":"POST","http_code"`), "comes twice"},
		"metadata missing":     {inBulk(`"metadata":{"failed":2,"total":3,"success":1},`, ``), "metadata"},
		"metadata on a single": {inSingle(`"response"`, `"metadata":null,"response"`), "metadata"},
		"total that is wrong":  {inBulk(`"total":3`, `"total":4`), "metadata.total"},
		"failed that is wrong": {inBulk(`"failed":2`, `"failed":1`), "metadata.failed"},
		"object in an array's place": {
			reply("GET "+contacts, 200, spoilt(page, `[`+created+`]`, created)), "/response",
		},
		"array in an object's place": {inSingle(created, `[`+created+`]`), "/response"},
		"null in an array's place":   {inPage(`[`+created+`]`, `null`), "/response"},

		// Items.
		"success without error_data": {inBulk(`"error_data":null,`, ``), "error_data"},
		"success with 201":           {inBulk(`"code":200`, `"code":201`), "/response/0"},
		"success that says failed":   {inBulk(`"status":"success"`, `"status":"failed"`), "/response/0"},
		"status in other words":      {inSingle(`"status":"success"`, `"status":"ok"`), "status"},
		"success with data null":     {inBulk(`"data":`+contact, `"data":null`), "/response/0"},
		"refused with data":          {inBulk(`"data":null`, `"data":`+contact), "/response/1"},
		"refused without reason":     {inBulk(`"message":"Mandatory Parameter missing",`, ``), "/response/1"},
		"duplicate without data":     {inBulk(duplicate, spoilt(duplicate, contact, "null")), "/response/2"},
		"duplicate as 400":           {inBulk(`"code":409`, `"code":400`), "/response/2"},
		"item is null":               {inBulk(refused, `null`), "/response/1"},

		// Contacts.
		"sid too short":             {inSingle(`"sid":"0`, `"sid":"`), "sid"},
		"sid in upper case":         {inSingle(`"sid":"`+sid, `"sid":"`+strings.ToUpper(sid)), "sid"},
		"sid null":                  {inSingle(`"sid":"`+sid+`"`, `"sid":null`), "sid"},
		"no tag":                    {inSingle(`"tag":null,`, ``), "tag"},
		"extra field":               {inSingle(`"tag":null,`, `"tag":null,"custom":null,`), "custom"},
		"email as a number":         {inSingle(`"email":null`, `"email":5`), "email"},
		"custom field as a list":    {inSingle(`"custom_field":null`, `"custom_field":[]`), "custom_field"},
		"custom field as text":      {inSingle(`"custom_field":null`, `"custom_field":"{}"`), "custom_field"},
		"national number":           {inSingle(`+919876543210`, `09876543210`), "number"},
		"date without a zone":       {inSingle(`53.5+05:30`, `53.5`), "date_created"},
		"date with zeros at end":    {inSingle(`53.5+05:30`, `53.500+05:30`), "date_created"},
		"date that is none":         {inSingle(`2026-03-14`, `2026-02-30`), "date_created"},
		"date null":                 {inSingle(`"date_updated":"2026-03-14T09:26:53.5+05:30"`, `"date_updated":null`), "date_updated"},
		"uri with a host":           {inSingle(`"uri":"`, `"uri":"http://127.0.0.1:8080`), "uri"},
		"uri of another contact":    {inSingle(contacts+`/`+sid, contacts+`/`+requestID), "uri"},
		"uri of another in an item": {inBulk(contacts+`/`+sid, contacts+`/`+requestID), "response[0]"},

		// Pages.
		"page with a wrong count": {inPage(`"count":1`, `"count":2`), "metadata.count"},
		"page_size is not limit":  {inPage(`"page_size":1`, `"page_size":20`), "metadata.page_size"},
		"limit over the maximum":  {inPage(`"limit":1,`, `"limit":5001,`), "limit"},
		"first page null":         {inPage(`"first_page_uri":"`+contacts+`?limit=1&offset=0"`, `"first_page_uri":null`), "first_page_uri"},
		"page uri with a host":    {inPage(`"next_page_uri":"`, `"next_page_uri":"http://127.0.0.1:8080`), "next_page_uri"},

		"page uri of another path": {inPage(`"next_page_uri":"`+contacts, `"next_page_uri":"`+lists), "next_page_uri"},

		// Lists and memberships.
		"list of no type":            {inList(`"type":"static"`, `"type":""`), "type"},
		"list without a count":       {inList(`"contact_count":3,`, ``), "contact_count"},
		"list with a negative count": {inList(`"contact_count":3`, `"contact_count":-1`), "contact_count"},
		"list without a name":        {inList(`"name":"Members"`, `"name":null`), "name"},
		"list uri among contacts":    {inList(lists+"/", contacts+"/"), "uri"},
		"list with lists":            {inList(`"tag":null,`, `"tag":null,"lists":[],`), "lists"},
		"contact with lists, alone":  {inSingle(sid+`"}`, sid+`","lists":[]}`), "lists"},
		"list_id null":               {inAddition(`"list_id":"`+listSID+`"`, `"list_id":null`), "/response/0"},
		"list_id of another":         {inAddition(`"list_id":"`+listSID+`"`, `"list_id":"`+sid+`"`), "list_id"},
		"sid of another contact":     {inAddition(`"sid":"`+sid+`"`, `"sid":"`+listSID+`"`), "sid"},
		"uri in another list":        {inAddition(lists+"/"+listSID+"/contacts/", lists+"/"+sid+"/contacts/"), "uri"},
		"member already, no data":    {inAddition(already, strings.Replace(already, membership, "null", 1)), "/response/1"},

		// Errors.
		"message trimmed": {
			reply("POST "+contacts, 400, failure("POST", 400, 1007, "Invalid request body,failed parsing", "EOF")), "message",
		},
		"message of another code":      {inFailure(`Mandatory Parameter missing`, `Invalid parameter`), "error_data"},
		"code of another status":       {inFailure(`"response":{"code":400`, `"response":{"code":404`), "code"},
		"description of another thing": {inFailure(`Contacts is mandatory`, `contacts is mandatory`), "description"},
		"failure with data":            {inFailure(`"data":null`, `"data":{}`), "data"},
		"failure in an array":          {reply("POST "+contacts, 400, spoilt(missing, `"response":{`, `"response":[{`)), "JSON"},
		"failure that a GET cannot have": {
			reply("GET "+contacts, 400, strings.Replace(missing, "POST", "GET", 1)), "error_data",
		},

		// Status, headers, content type.
		"status not documented":       {reply("POST "+contacts, 200, bulk), "status is not documented"},
		"404 for a page":              {reply("GET "+contacts, 404, notFound), "status is not documented"},
		"no content":                  {reply("GET "+contacts, 204, ""), "status is not documented"},
		"plain text":                  {reply("POST "+contacts, 207, bulk, "Content-Type", "text/plain"), "text/plain"},
		"content type missing":        {reply("GET /healthz", 200, `{"status":"ok"}`, "Content-Type", ""), "content type"},
		"no WWW-Authenticate":         {reply("GET "+contacts, 401, failure("GET", 401, 1010, "Authorization failed", "")), "Www-Authenticate"},
		"no Retry-After":              {reply("GET "+contacts, 503, unavailable), "Retry-After"},
		"Retry-After as a date":       {reply("GET "+contacts, 503, unavailable, "Retry-After", "soon"), "Retry-After"},
		"Retry-After of nothing":      {reply("GET "+contacts, 503, unavailable, "Retry-After", "0"), "Retry-After"},
		"405 without Allow":           {reply("PATCH "+contacts, 405, refusedMethod), "Allow"},
		"405 of a documented method":  {reply("POST "+contacts, 405, refusedMethod, "Allow", "GET"), "has this method"},
		"404 of an unknown method":    {reply("PATCH "+contacts, 404, notFound), "should be 405"},
		"head without the request id": {reply("HEAD "+contacts, 200, "", "X-Request-Id", ""), "X-Request-Id"},

		// Bodies that are none.
		"empty":          {reply("POST "+contacts, 207, ""), "JSON"},
		"cut":            {reply("POST "+contacts, 207, bulk[:len(bulk)-1]), "JSON"},
		"two values":     {reply("POST "+contacts, 207, bulk+"{}"), "follows"},
		"invalid UTF-8":  {inSingle("Asha", "Ash\xff"), "UTF-8"},
		"not gzip":       {reply("GET "+contacts, 200, page, "Content-Encoding", "gzip"), "gzip"},
		"other encoding": {reply("GET "+contacts, 200, page, "Content-Encoding", "br"), "br"},

		// Service, and what is outside the document.
		"alive in other words":    {reply("GET /healthz", 200, `{"status":"unavailable"}`), "status"},
		"not ready, but ok":       {reply("GET /readyz", 503, `{"status":"ok"}`), "status"},
		"document as JSON":        {reply("GET /openapi.yaml", 200, "{}"), "application/json"},
		"another document":        {reply("GET /openapi.yaml", 200, "swagger: 2\n", "Content-Type", "application/yaml"), "pattern"},
		"unknown path, plain 404": {reply("GET /nothing", 404, "404 page not found\n", "Content-Type", "text/plain"), "text/plain"},
		"unknown path, wrong 404": {reply("GET /nothing", 404, failure("GET", 404, 1000, "Not found", "")), "message"},
		"unknown path, 405":       {reply("PATCH /nothing", 405, refusedMethod, "Allow", "GET"), "should be 404"},
		"unknown path, 200":       {reply("GET /nothing", 200, single), "documented"},
		"unknown path, redirect":  {reply("GET /v2//accounts", 307, ""), "documented"},
	} {
		t.Run(name, func(t *testing.T) {
			reports := send(t, test.answer)
			if len(reports) != 1 {
				t.Fatalf("got %d reports, want one: %q", len(reports), reports)
			}
			reason, _, _ := strings.Cut(reports[0], "\nbody: ")
			if !strings.Contains(reason, test.why) {
				t.Errorf("the report does not tell %q: %s", test.why, reason)
			}
		})
	}
}

# As the platform's pages have it: credentials in the URL, and for the change the content
# type that curl sends by itself.
set -e
url='https://<your_api_key>:<your_api_token>@<subdomain>/v2/accounts/<your_sid>/campaigns'
answer=$(curl -sS -X POST "$url" --header 'Content-Type: application/json' --data-raw '{
  "campaigns": [
    {
      "caller_id": "0XXXXXX4890",
      "url": "http://my.exotel.com/<your_sid>/exoml/start_voice/42",
      "from": ["+919876543210", "+919876543211"],
      "name": "Diwali",
      "schedule": { "send_at": "<send_at>" },
      "retries": { "number_of_retries": 1, "interval_mins": 1, "mechanism": "Exponential", "on_status": ["failed", "busy"] },
      "status_callback": "http://example.com/status"
    }
  ]
}')
echo "$answer"
id=$(echo "$answer" | sed 's/.*"data":{"id":"\([0-9a-f]*\)".*/\1/')
curl -sS -X GET "$url/$id"
echo
curl -sS -X GET "$url?offset=0&limit=1&status=Created,InProgress&sort_by=date_created:desc"
echo
curl -sS -X PUT "$url/$id" -d '{"campaigns":[{"action":"pause"}]}'
echo
curl -sS -X DELETE "$url/$id" -d '{}'

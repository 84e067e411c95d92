import json
import sys

import requests

url = "https://<subdomain>/v2/accounts/<your_sid>/campaigns"
auth = ("<your_api_key>", "<your_api_token>")


def send(method, path, body=None):
    answer = requests.request(method, url + path, auth=auth, json=body)
    sys.stdout.write(answer.text + "\n")
    if answer.status_code != 200:
        sys.exit("status %d" % answer.status_code)
    return answer.json()["response"][0]


made = send("POST", "", {"campaigns": [{
    "caller_id": "0XXXXXX4890",
    "url": "http://my.exotel.com/<your_sid>/exoml/start_voice/42",
    "from": ["+919876543210", "+919876543211"],
    "name": "Diwali",
    "retries": {"number_of_retries": 1, "interval_mins": 1, "mechanism": "exponential", "on_status": ["busy"]},
    "schedule": {"send_at": "<send_at>"},
}]})
# As public programs read it: every number, zero or not.
assert sum(made["data"]["stats"][key] for key in ("invalid", "failed-dnd", "retry", "retrying", "created")) == 0
assert made["summary"]["call_scheduled"] == 2
send("GET", "/" + made["data"]["id"])
send("GET", "?offset=0&limit=1&sort_by=date_created:desc")
# The change comes bare, and by POST.
send("POST", "/" + made["data"]["id"], {"action": "pause", "url": "http://my.exotel.com/1/exoml/start_voice/2"})
send("DELETE", "/" + made["data"]["id"], {})

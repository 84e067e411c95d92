<?php
function send($method, $path, $body = null)
{
    $curl = curl_init();
    curl_setopt_array($curl, array(
        CURLOPT_URL => "https://<your_api_key>:<your_api_token>@<subdomain>/v2/accounts/<your_sid>/campaigns" . $path,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_POSTFIELDS => $body === null ? null : json_encode(array("campaigns" => array($body))),
        CURLOPT_HTTPHEADER => $body === null ? array() : array("Content-Type: application/json"),
    ));
    $answer = curl_exec($curl);
    if ($answer === false) {
        fwrite(STDERR, curl_error($curl));
        exit(1);
    }
    echo $answer . "\n";
    return json_decode($answer, true)["response"];
}

$made = send("POST", "", array(
    "caller_id" => "0XXXXXX4890",
    "url" => "http://my.exotel.com/<your_sid>/exoml/start_voice/42",
    "from" => "+919876543210,+919876543211",
    "name" => "Diwali",
    "call_duplicate_numbers" => "false",
    "schedule" => array(array("send_at" => "<send_at>")),
));
$id = $made[0]["data"]["id"];
send("GET", "/" . $id);
send("GET", "?offset=0&limit=1&sort_by=date_created:desc");
send("PUT", "/" . $id, array("action" => "pause"));
send("DELETE", "/" . $id);

<?php
$curl = curl_init();
$accountSid = "XXXXXXXXXX";
$accountToken = "YYYYYYYYYY";
$authKey = "ZZZZZZZZZZ";
$encoding = base64_encode($authKey .":". $accountToken);
curl_setopt_array($curl, array(
  CURLOPT_URL => 'https://<subdomain>/v2/accounts/exotel8u3/contacts',
  CURLOPT_RETURNTRANSFER => true,
  CURLOPT_ENCODING => '',
  CURLOPT_MAXREDIRS => 10,
  CURLOPT_TIMEOUT => 0,
  CURLOPT_FOLLOWLOCATION => true,
  CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
  CURLOPT_CUSTOMREQUEST => 'POST',
  CURLOPT_POSTFIELDS =>'{
    "contacts": [
        {
            "number": "+919100YYYY10",
            "first_name": "captain",
            "last_name": "exotel",
            "company_name": "Exotel",
            "email": "captain@email.com",
            "tag": "Member",
            "custom_field": {
                "key": {
                    "key1": "values1"
                }
            }
        },
        {
            "number": "+919100XXXX10",
            "first_name": "captain",
            "last_name": "exotel",
            "company_name": "Exotel",
            "email": "captain@email.com",
            "tag": "Technician",
            "custom_field": {
                "key": {
                    "key1": "values1"
                }
            }
        }
    ]
}',
  CURLOPT_HTTPHEADER => array(
    "Authorization: Basic ".$encoding,
    'Content-Type: application/json'
  ),
));
$response = curl_exec($curl);
curl_close($curl);
echo $response;

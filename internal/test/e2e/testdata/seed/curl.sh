curl -X POST 'https://<your_api_key>:<your_api_token>@<subdomain>/v2/accounts/<your_sid>/contacts' \
--header 'Content-Type: application/json' \
--data-raw '{
    "contacts": [
        {
            "number": "+91910XXXXX10",
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
            "number": "+91910YYYYY10",
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
}'

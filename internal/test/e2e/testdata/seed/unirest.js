var unirest = require('unirest');
var accountSid = "XXXXXXXXX";
var accountToken = "YYYYYYYYY";
var authKey = "ZZZZZZZZZZ";
var encoding = Buffer.from(authKey + ':' + accountToken).toString('base64');
var req = unirest('POST', "https://<subdomain>/v2/accounts/"+accountSid+"/contacts")
  .headers({
    Authorization: 'Basic ' + encoding,
    'Content-Type': 'application/json'
  })
  .send(JSON.stringify({"contacts":[
    {
      "number":"+919100YYYY10",
      "first_name":"captain",
      "last_name":"exotel",
      "company_name":"Exotel",
      "email":"captain@email.com",
      "tag":"Member",
      "custom_field":{
        "key":{"key1":"values1"}
      }
    },
    {
      "number":"+919100XXXX10",
      "first_name":"captain",
      "last_name":"exotel",
      "company_name":"Exotel",
      "email":"captain@email.com",
      "tag":"Technician",
      "custom_field":{
        "key":{"key1":"values1"}
      }
    }
  ]}))
  .end(function (res) {
    if (res.error) throw new Error(res.error);
    console.log(res.raw_body);
  });

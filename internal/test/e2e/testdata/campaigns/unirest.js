// As the platform's pages have it, which send caller_id and url beside the action.
var unirest = require('unirest');
var url = 'https://<your_api_key>:<your_api_token>@<subdomain>/v2/accounts/<your_sid>/campaigns';
var fields = {
  caller_id: '0XXXXXX4890',
  url: 'http://my.exotel.com/<your_sid>/exoml/start_voice/42'
};

function send(method, path, body, then) {
  var req = unirest(method, url + path).headers({ 'Content-Type': 'application/json' });
  if (body) {
    req.send(JSON.stringify({ campaigns: [Object.assign({}, fields, body)] }));
  }
  req.end(function (res) {
    if (res.error && !res.raw_body) throw new Error(res.error);
    console.log(res.raw_body);
    then(JSON.parse(res.raw_body).response[0].data.id);
  });
}

var create = { from: ['+919876543210'], name: 'Diwali', schedule: { send_at: '<send_at>' }, throttle: null, custom_field: null };
send('POST', '', create, function (id) {
  send('GET', '/' + id, null, function () {
    send('GET', '?offset=0&limit=1&sort_by=date_created:desc', null, function () {
      send('PUT', '/' + id, { action: 'pause' }, function () {
        send('DELETE', '/' + id, null, function () {});
      });
    });
  });
});

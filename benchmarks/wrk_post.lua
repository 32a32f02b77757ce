-- wrk -s wrk_post.lua URL -- BODY [NAME VALUE]...: posts BODY as JSON with headers; prints the line that sample.py reads.
function init(arguments)
  wrk.method = "POST"
  wrk.body = arguments[1]
  wrk.headers["Content-Type"] = "application/json"
  for index = 2, #arguments, 2 do
    wrk.headers[arguments[index]] = arguments[index + 1]
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  print(string.format(
    '{"requests_per_second": %.3f, "p50_ms": %.3f, "p99_ms": %.3f, "errors": %d}',
    summary.requests * 1e6 / summary.duration, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end

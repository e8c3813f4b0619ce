-- What wrk has seen, as one line for t/bench/Bench/Load.pm: requests, seconds, answers of 400 and above, requests that failed, and
-- the latency's median and 99th percentile in microseconds.
function done(summary, latency, requests)
    local e = summary.errors
    print(string.format("bench %d %.3f %d %d %.0f %.0f", summary.requests, summary.duration / 1e6, e.status,
        e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end

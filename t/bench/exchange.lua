-- For wrk with as many threads as connections: POST to the token endpoint, -- FILE CLIENT THREADS code VERIFIER REDIRECT_URI or
-- refresh. The lines of FILE are shared out among the threads: each code is redeemed once, and of each refresh token a thread
-- presents the one that it was given last.
dofile(debug.getinfo(1, "S").source:match("^@(.*)/") .. "/report.lua")

local started = 0

function setup(thread)
    thread:set("number", started)
    started = started + 1
end

local head, tail, lines, at, token = "", "", {}, 0, nil

function init(args)
    local step, kind, n = tonumber(args[3]), args[4], 0
    for line in io.lines(args[1]) do
        if n % step == number then
            lines[#lines + 1] = line
        end
        n = n + 1
    end
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
    if kind == "code" then
        head = "grant_type=authorization_code&client_id=" .. args[2] .. "&code_verifier=" .. args[5] .. "&redirect_uri=" .. args[6]
            .. "&code="
    else
        head = "grant_type=refresh_token&client_id=" .. args[2] .. "&refresh_token="
        token = lines[1]
        function response(status, headers, body)
            token = status == 200 and body:match('"refresh_token":"([^"]+)"') or token
        end
    end
end

-- After the last code an empty one, which is refused, and counted.
function request()
    at = at + 1
    return wrk.format(nil, nil, nil, head .. (token or lines[at] or ""))
end

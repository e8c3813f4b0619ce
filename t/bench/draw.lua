-- For wrk: GET with an Authorization header that is drawn from the lines of a file: -- FILE random, or walk for each line in turn;
-- a third word is the pause of each connection between two requests, in milliseconds on average.
dofile(debug.getinfo(1, "S").source:match("^@(.*)/") .. "/report.lua")

local requests, walk, at = {}, false, 0

function init(args)
    for line in io.lines(args[1]) do
        requests[#requests + 1] = wrk.format("GET", nil, { Authorization = line })
    end
    walk = args[2] == "walk"
    math.randomseed(os.time())
    local pause = tonumber(args[3] or 0)
    if pause > 0 then
        function delay() return math.random(0, 2 * pause) end
    end
end

function request()
    at = walk and at % #requests + 1 or math.random(#requests)
    return requests[at]
end

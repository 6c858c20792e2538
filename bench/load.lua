-- wrk script: reads of given paths, or creates of a Patient.  Environment: TOKEN, PATHS (file) or BODY (file), AT (a path).
local headers = { ["Authorization"] = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/fhir+json",
  ["Prefer"] = "return=minimal" }
local at = os.getenv("AT") or "/fhir/Patient"
local paths, bodies, n = {}, {}, 0
local function lines(name)
  local t = {}
  for line in io.lines(name) do t[#t + 1] = line end
  return t
end
function init()
  if os.getenv("PATHS") then paths = lines(os.getenv("PATHS")) else bodies = lines(os.getenv("BODY")) end
  n = math.random(100000)
end
function request()
  n = n + 1
  if #paths > 0 then return wrk.format("GET", paths[n % #paths + 1], headers) end
  return wrk.format("POST", at, headers, bodies[n % #bodies + 1])
end

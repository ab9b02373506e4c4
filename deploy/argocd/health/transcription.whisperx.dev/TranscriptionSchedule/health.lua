-- Health of a TranscriptionSchedule, read off its conditions. How its jobs fare is said by the jobs. No library `string` is open.

local function said_by(condition)
  if condition.message ~= nil and condition.message ~= "" then
    return condition.message
  end
  return condition.reason
end

if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "the operator has yet to see what the spec says now" }
end

local found = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.type ~= nil then
    found[condition.type] = condition
  end
end

local ready, suspended = found.Ready, found.Suspended
if ready ~= nil and ready.status == "False" then
  return { status = "Degraded", message = said_by(ready) }
end
if suspended ~= nil and suspended.status == "True" then
  return { status = "Suspended", message = said_by(suspended) }
end
if ready ~= nil and ready.status == "True" then
  return { status = "Healthy", message = said_by(ready) }
end
return { status = "Progressing", message = "the operator has said nothing yet" }

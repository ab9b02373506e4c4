-- Health of a TranscriptionJob, read off its conditions. ArgoCD opens no library `string` for it.

local function holds(kind)
  for _, condition in ipairs(obj.status.conditions or {}) do
    if condition.type == kind and condition.status == "True" then
      return condition
    end
  end
end

local function said_by(condition, otherwise)
  if condition.message ~= nil and condition.message ~= "" then
    return condition.message
  end
  return condition.reason or otherwise
end

if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "the operator has yet to see what the spec says now" }
end

-- The end of a run counts more than all else; what is contested counts more than what is said of it.
local verdicts = {
  { condition = "Failed", status = "Degraded" },
  { condition = "Complete", status = "Healthy" },
  { condition = "Contested", status = "Degraded" },
  { condition = "Suspended", status = "Suspended" },
  { condition = "Running", status = "Progressing" },
}
for _, verdict in ipairs(verdicts) do
  local condition = holds(verdict.condition)
  if condition then
    return { status = verdict.status, message = said_by(condition, verdict.condition) }
  end
end

-- It waits: what for, the condition Running says while it is False.
for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.type == "Running" then
    return { status = "Progressing", message = said_by(condition, "waits") }
  end
end
return { status = "Progressing", message = "the operator has said nothing yet" }

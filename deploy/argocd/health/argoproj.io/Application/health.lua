-- Health of a child Application: what ArgoCD found of its resources. Without this check a later wave does not wait for an earlier one.
local health = obj.status ~= nil and obj.status.health or nil
if health == nil or health.status == nil then
  return { status = "Progressing", message = "not looked at yet" }
end
return { status = health.status, message = health.message or "" }

output "kept" {
  description = "Names of what is guarded; empty when the guard is down."
  value       = var.enabled ? sort(keys(var.keep)) : []
}

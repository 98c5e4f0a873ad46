output "foundation" {
  description = "Names and ARNs of everything that was made."
  value       = module.foundation
}

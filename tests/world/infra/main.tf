# A small production as the one that Outlive comes from: allow_reinstall is set, and the address is an output.
terraform {
  required_providers {
    cherryservers = {
      source  = "example.test/tests/cherryservers"
      version = "0.1.0"
    }
  }
}
variable "environment" { default = "production" }
variable "image" { default = "debian_12_64bit" }
variable "key" { default = "13247" }
variable "plan" { default = "cloud_vps_1" }
variable "reinstall" { default = true }
resource "cherryservers_server" "server" {
  hostname        = "${var.environment}-app"
  plan            = var.plan
  project_id      = 100200
  region          = "eu_nord_1"
  image           = var.image
  ssh_key_ids     = [var.key]
  user_data       = "not-to-be-printed"
  allow_reinstall = var.reinstall
}
resource "terraform_data" "note" { input = var.environment }
output "vm_host" { value = cherryservers_server.server.ip_addresses[0] }

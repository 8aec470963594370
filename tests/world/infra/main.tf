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
variable "machines" { default = [] }
variable "told" { default = false } # whether the server of long ago is told who it is, too
variable "outlive_user_data" {
  default   = "not-to-be-printed"
  sensitive = true
}
resource "cherryservers_server" "server" {
  hostname        = "${var.environment}-app"
  plan            = var.plan
  project_id      = 100200
  region          = "eu_nord_1"
  image           = var.image
  ssh_key_ids     = [var.key]
  user_data       = var.told ? var.outlive_user_data : "not-to-be-printed"
  allow_reinstall = var.reinstall
}
resource "cherryservers_server" "web" {
  for_each    = toset(var.machines)
  hostname    = "web-${each.key}"
  plan        = var.plan
  project_id  = 100200
  region      = "eu_nord_1"
  image       = var.image
  ssh_key_ids = [var.key]
  user_data   = each.key == "deaf" ? null : var.outlive_user_data
  lifecycle { ignore_changes = [user_data] }
}
resource "terraform_data" "note" { input = var.environment }
output "vm_host" { value = cherryservers_server.server.ip_addresses[0] }

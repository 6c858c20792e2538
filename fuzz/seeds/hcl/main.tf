variable "n" { default = 2 }
locals { a = [for i in range(var.n) : "x-${i}" if i > 0] }
resource "aws_s3_bucket" "b" {
  count  = var.n
  bucket = <<-EOT
    %{ if count.index == 0 ~}first%{ else }${local.a[0]}%{ endif }
  EOT
  dynamic "rule" {
    for_each = { k = true }
    content { name = rule.key }
  }
  tags = merge({ a = 1 }, { "b" : upper("x") })
}
output "o" { value = aws_s3_bucket.b[*].bucket }

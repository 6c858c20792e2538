@allowed(['x', 'y'])
param n string = 'srv'
var m = '${n}-${toUpper('q')}' // c
resource s 'A.B/c@1' = [for (i, k) in range(0, 2): if (n == 'x' ? true : false) {
  name: m
  properties: { a: 1 + 2 * -3 >= 4 && !x || y ?? [1, 2], b: s.?p.q[0] }
  resource d 'e' = { name: 'f' }
}]
module w './x.bicep' = { name: 'w', params: { a: 1 } }

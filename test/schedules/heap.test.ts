import t from 'tap'
import { createHeap } from '../../src/schedules/heap.ts'

t.test('gives the least first, whatever the order of arrival', async (t) => {
  const heap = createHeap<number>((a, b) => a < b)
  t.equal(heap.peek(), undefined)
  t.equal(heap.pop(), undefined)
  const numbers = Array.from({ length: 500 }, (_, i) => (i * 7919) % 251)
  for (const [i, number] of numbers.entries()) {
    heap.push(number)
    if (i % 3 === 0) heap.push(heap.pop() as number)
  }
  t.equal(heap.size, 500)
  const out: number[] = []
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) out.push(item)
  t.strictSame(
    out,
    [...numbers].sort((a, b) => a - b),
  )
})

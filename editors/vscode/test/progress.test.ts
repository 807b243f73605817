import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Progress } from '../src/progress'

const sum = (done: number) => JSON.stringify({ event: 'progress', bytes_downloaded: done, total_bytes: 200 }) + '\n'

test('a stream cut at every byte gives the same percent', () => {
  const progress = new Progress()
  let last = 0
  for (const byte of sum(50) + sum(90)) last = progress.push(byte)
  assert.equal(last, 45)
})

test('the percent never goes back, and lines that are no sums change nothing', () => {
  const progress = new Progress()
  assert.equal(progress.push(sum(100)), 50)
  assert.equal(progress.push(sum(20) + 'no json\n{"event":"downloading","percent":99}\n'), 50)
})

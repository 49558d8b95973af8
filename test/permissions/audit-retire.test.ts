import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type AuditHead, createAudit } from '../../src/permissions/audit.ts'
import { verifyAudit } from '../../src/permissions/audit-verify.ts'
import { testdir } from '../support/testdir.ts'

const DAY = 24 * 3_600_000

/** A log over some days: two lines a day, then what is told to retire. */
function logOf(file: string) {
  let now = 0
  let head: AuditHead | null = null
  const anchor = {
    load: async () => head,
    save: (next: AuditHead) => {
      head = next
    },
  }
  const opened = () => createAudit(file, { now: () => now, anchor })
  let audit = opened()
  return {
    head: () => head,
    async days(count: number, keepMs?: number) {
      for (let day = 0; day < count; day++) {
        now += DAY
        await Promise.all([audit.append({ day }), audit.append({ day, again: true })])
        if (keepMs !== undefined) await audit.retire(keepMs)
      }
    },
    retire: (keepMs: number) => audit.retire(keepMs),
    async restart() {
      await audit.close()
      audit = opened()
    },
    close: () => audit.close(),
  }
}

t.test('a log of years keeps what was asked for, and verifies on every day', async (t) => {
  const folder = testdir(t, {})
  const file = join(folder, 'audit.jsonl')
  const log = logOf(file)
  for (let week = 0; week < 60; week++) {
    await log.days(7, 100 * DAY)
    if (week % 3 === 0) await log.restart()
    const report = await verifyAudit(file, log.head())
    if (!report.ok) return t.strictSame(report.problems, [], `week ${week}`)
    t.ok(report.lines < 2 * (100 + 60), `week ${week}: ${report.lines} lines`)
  }
  const { lines } = await verifyAudit(file, log.head())
  t.ok(lines >= 200, 'nothing went that is younger')
  await log.close()
  t.ok((await readdir(folder)).length < 8, 'in few files')
})

t.test('what was removed without a word shows, whole files too', async (t) => {
  const folder = testdir(t, {})
  const file = join(folder, 'audit.jsonl')
  const log = logOf(file)
  await log.days(120, 10_000 * DAY)
  await log.close()
  const [oldest = '', second = ''] = (await readdir(folder)).sort()
  t.match(oldest, /^audit\.[0-9]{15}\.jsonl$/)
  t.match(await verifyAudit(file, log.head()), { ok: true, lines: 240 })

  const saved = await readFile(join(folder, second), 'utf8')
  await rm(join(folder, second))
  t.match(await verifyAudit(file, log.head()), { ok: false, problems: [{ message: /missing or out of order/ }] })
  await writeFile(join(folder, second), saved.replace('"again":true', '"again":false'))
  t.match(await verifyAudit(file, log.head()), { ok: false, problems: [{ file: join(folder, second) }, {}] })
  await writeFile(join(folder, second), saved)
  await rm(join(folder, oldest))
  t.match(await verifyAudit(file, log.head()), { ok: false, problems: [{ file: join(folder, second), line: 1 }] })
})

t.test('a kill between the parts of it leaves a log that verifies and is written on', async (t) => {
  const folder = testdir(t, {})
  const file = join(folder, 'audit.jsonl')
  const log = logOf(file)
  await log.days(40)
  // Set aside, and nothing written since.
  await log.retire(10_000 * DAY)
  const set = (await readdir(folder)).filter((name) => name !== 'audit.jsonl')
  t.equal(set.length, 1)
  await log.restart()
  t.match(await verifyAudit(file, log.head()), { ok: true, lines: 80 })
  // Said to be removed, and still there.
  const aside = await readFile(join(folder, set[0] as string), 'utf8')
  await log.days(1)
  await log.days(40, 10 * DAY)
  t.notOk((await readdir(folder)).includes(set[0] as string))
  await writeFile(join(folder, set[0] as string), aside)
  await log.restart()
  await log.days(1)
  const { problems } = await verifyAudit(file, log.head())
  t.match(problems, [], 'what is left over is of the same chain')
  await log.close()
})

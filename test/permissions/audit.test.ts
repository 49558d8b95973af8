import { appendFile, chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type AuditHead, createAudit } from '../../src/permissions/audit.ts'
import { verifyAudit } from '../../src/permissions/audit-verify.ts'
import { testdir } from '../support/testdir.ts'

t.test('lines are sealed in order, also over restarts', async (t) => {
  const file = join(testdir(t, {}), 'state', 'audit.jsonl')
  const first = createAudit(file, { now: () => 0, redact: (text) => text.replaceAll('secret', '***') })
  await Promise.all(
    Array.from({ length: 50 }, (_, number) => first.append({ kind: 'tool', number, input: 'a secret', hash: 'forged', seq: 7 })),
  )
  await first.close()
  const second = createAudit(file)
  await second.append({ kind: 'reload' })
  await second.close()
  t.match(await verifyAudit(file), { ok: true, lines: 51, problems: [], torn: 0 })
  t.equal((await stat(file)).mode & 0o777, 0o600)
  const text = await readFile(file, 'utf8')
  t.notMatch(text, 'secret')
  t.match(JSON.parse(text.split('\n')[3] as string), { seq: 4, kind: 'tool', number: 3, at: '1970-01-01T00:00:00.000Z' })
})

t.test('a changed, removed or moved line shows', async (t) => {
  const file = join(testdir(t, {}), 'audit.jsonl')
  const audit = createAudit(file)
  for (let number = 0; number < 5; number++) await audit.append({ number })
  await audit.close()
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  const check = async (changed: string[]): Promise<boolean> => {
    await writeFile(file, `${changed.join('\n')}\n`)
    return (await verifyAudit(file)).ok
  }
  t.ok(await check(lines))
  t.notOk(await check(lines.map((line) => line.replace('"number":2', '"number":9'))), 'changed')
  t.notOk(await check(lines.filter((_, index) => index !== 2)), 'removed')
  t.notOk(await check(lines.slice(1)), 'head removed')
  t.notOk(await check([lines[1], lines[0], ...lines.slice(2)] as string[]), 'moved')
  t.notOk(await check([...lines, 'nonsense']), 'added')
  t.notOk(await check([...lines.slice(0, 2), 'nonsense', ...lines.slice(2)]), 'put between')
})

t.test('a line cut short by a crash is set aside and the chain goes on', async (t) => {
  const file = join(testdir(t, {}), 'audit.jsonl')
  const first = createAudit(file)
  await first.append({ number: 1 })
  await first.close()
  await appendFile(file, '{"seq":2,"at":"20')
  const second = createAudit(file)
  await second.append({ number: 2 })
  await second.close()
  t.match(await verifyAudit(file), { ok: true, torn: 1, problems: [] })
})

t.test('a cut end shows by the head that is kept elsewhere, and goes on showing', async (t) => {
  const file = join(testdir(t, {}), 'audit.jsonl')
  let head: AuditHead | null = null
  const anchor = {
    load: async () => head,
    save: (next: AuditHead) => {
      head = next
    },
  }
  const write = async (from: number, to: number): Promise<void> => {
    const audit = createAudit(file, { anchor })
    for (let number = from; number <= to; number++) await audit.append({ number })
    await audit.close()
  }
  await write(1, 5)
  t.match(head, { seq: 5 })
  t.match(await verifyAudit(file, head), { ok: true })
  await write(6, 6)
  t.match(await verifyAudit(file, { seq: 5, hash: head!['hash'] }), { ok: false }, 'the head is of another line')
  t.match(await verifyAudit(file, head), { ok: true, lines: 6 }, 'going on is no gap')

  const lines = (await readFile(file, 'utf8')).split('\n')
  await writeFile(file, `${lines.slice(0, 4).join('\n')}\n`)
  t.match(await verifyAudit(file), { ok: true }, 'the file alone does not tell')
  t.match(await verifyAudit(file, head), {
    ok: false,
    problems: [{ message: /6 lines were written, and the last here is number 4/ }],
  })
  await write(7, 8)
  t.match(
    await verifyAudit(file, head),
    { ok: false, problems: [{ line: 5, message: /up to 6 lines/ }] },
    'also after more was written',
  )
  await rm(file)
  await write(9, 9)
  t.match(
    await verifyAudit(file, head),
    { ok: false, problems: [{ line: 1, message: /up to 7 lines/ }] },
    'nor does a new file cover it',
  )
})

t.test('what can not be written is refused', async (t) => {
  const folder = testdir(t, {})
  await mkdir(join(folder, 'audit.jsonl'))
  const audit = createAudit(join(folder, 'audit.jsonl'))
  await t.rejects(audit.append({ number: 1 }))
  await audit.close()
  await chmod(folder, 0o700)
})

t.test('a closed log is never opened again', async (t) => {
  const file = join(testdir(t, {}), 'audit.jsonl')
  const audit = createAudit(file)
  await audit.append({ number: 1 })
  await audit.close()
  await rm(file)
  await t.rejects(audit.append({ number: 2 }), /closed/)
  await t.rejects(stat(file), { code: 'ENOENT' })
})

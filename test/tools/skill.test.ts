// The tool `skill`: a skill's text, its further files, and nothing outside of its folder; what a turn sees of skills.

import { symlinkSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { skill } from '../../src/tools/skills/skill.ts'
import { HEAD, startBot } from '../support/bot.ts'
import { makeCapabilities } from '../support/capabilities.ts'
import { testdir } from '../support/testdir.ts'

t.test('its text, the names of its files, and one of them', async (t) => {
  const root = testdir(t, {
    secret: 'no',
    pdf: { 'SKILL.md': 'x', references: { 'forms.md': 'Forms.' }, scripts: { 'a.py': 'x' }, 'b.txt': 'a\0b' },
  })
  symlinkSync(join(root, 'secret'), join(root, 'pdf/link.md'))
  const skills = [{ name: 'pdf', folder: join(root, 'pdf'), text: 'How to.' }]
  const read = async (name: string): Promise<unknown> =>
    (await skill.run({ name }, makeCapabilities(root, { skills }) as Parameters<typeof skill.run>[1])).content
  t.equal(await read('pdf'), 'How to.\n\nFiles of this skill: pdf/b.txt, pdf/references/forms.md')
  t.equal(await read('pdf/references/forms.md'), 'Forms.')
  for (const name of ['pdf/../secret', 'pdf/link.md', 'pdf/nothing.md', 'pdf/b.txt', 'other'])
    await t.rejects(read(name), /has no file|is no text|There is no skill "other"; there are pdf/, name)
})

t.test('the prompt names skills, the tool is there for them, and one may be there in full', async (t) => {
  const folder = testdir(t)
  await mkdir(join(folder, 'skills/style'), { recursive: true })
  await writeFile(join(folder, 'skills/style/SKILL.md'), '---\nname: style\ndescription: How we write\n---\nShort words.')
  const yaml = (skills: string) => `${HEAD}channels: { http: {} }\nagents: { main: { soul: S, skills: ${skills} } }\n`
  const bot = await startBot(yaml('[research, style]'), { folder })
  t.teardown(() => bot.stop())
  await bot.chat('ann', 'hi')
  const first = JSON.stringify(bot.api.requests.at(-1)?.body)
  t.ok(first.includes('- style: How we write') && first.includes('- research: Answer a question from the web'))
  t.notOk(first.includes('Short words.'))
  t.same(
    bot.api.requests.at(-1)?.body.tools?.map(({ name }) => name),
    ['skill'],
  )
  await bot.save(yaml('[{ name: style, always: true }]').replaceAll('$API', bot.api.url))
  t.ok((await bot.claw.engine.reload()).ok)
  await bot.chat('ben', 'hi')
  const second = bot.api.requests.at(-1)?.body
  t.ok(JSON.stringify(second).includes('Short words.'))
  t.equal(second?.tools, undefined)
})

import { join } from 'node:path'
import t from 'tap'
import { loadSkill } from '../../src/skills/load.ts'
import { testdir } from '../support/testdir.ts'

t.test('a folder with SKILL.md and skill.json', async (t) => {
  const folder = testdir(t, {
    'SKILL.md': '# GitHub\nUse gh.\n',
    'skill.json': '{"name": "github", "description": "Issues and repositories."}',
  })
  t.same(await loadSkill(folder), {
    skill: { name: 'github', folder, text: 'Issues and repositories.\n\n# GitHub\nUse gh.', tools: [] },
    sources: [join(folder, 'SKILL.md'), join(folder, 'skill.json')],
  })
})

t.test('SKILL.md alone, named by its folder or its front matter', async (t) => {
  const root = testdir(t, {
    notion: { 'SKILL.md': 'Use the pages.' },
    other: { 'SKILL.md': '---\nname: "weather"\ndescription: Says if it rains\nx: [1]\n---\n\nAsk the sky.' },
  })
  t.match(await loadSkill(join(root, 'notion')), { skill: { name: 'notion', text: 'Use the pages.' } })
  const { skill } = await loadSkill(join(root, 'other'))
  t.equal(skill?.name, 'weather')
  t.equal(skill?.text, 'Says if it rains\n\nAsk the sky.')
})

t.test('what is wrong is said in one sentence', async (t) => {
  const problem = async (files: Record<string, string>): Promise<string | undefined> =>
    (await loadSkill(testdir(t, files))).problem
  t.match(await problem({}), /SKILL\.md cannot be read/)
  t.match(await problem({ 'SKILL.md': ' \n' }), /SKILL\.md is empty/)
  t.match(await problem({ 'SKILL.md': 'x', 'skill.json': '{' }), /skill\.json is not valid JSON/)
  t.match(await problem({ 'SKILL.md': 'x', 'skill.json': '[]' }), /must hold an object/)
  t.match(await problem({ 'SKILL.md': 'x', 'skill.json': '{"name": 7}' }), /`name` that is no text/)
  t.match(await problem({ 'SKILL.md': 'x', 'skill.json': '{"name": "../up"}' }), /is no name/)
  t.match(await problem({ 'SKILL.md': 'x'.repeat(70_000) }), /larger than 64000 bytes/)
})

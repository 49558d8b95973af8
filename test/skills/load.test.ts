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
    skill: { name: 'github', folder, description: 'Issues and repositories.', text: '# GitHub\nUse gh.', tools: [] },
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
  t.equal(skill?.description, 'Says if it rains')
  t.equal(skill?.text, 'Ask the sky.')
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

/** Forms in which different authors write their SKILL.md: what it is called, how it describes itself, how its text begins. */
const FORMS: readonly (readonly [form: string, text: string, description: string, begins: string, name?: string])[] = [
  ['plain', '---\nname: pdf\ndescription: Fills forms.\n---\n# PDF\n', 'Fills forms.', '# PDF', 'pdf'],
  ['no front matter', '# Title\n\nFirst sentence.\n\nMore.', 'First sentence.', '# Title'],
  ['no heading either', 'Be brief.\nAlways.', 'Be brief.', 'Be brief.'],
  ['Windows line ends', '---\r\nname: win\r\ndescription: Made there.\r\n---\r\nText\r\n', 'Made there.', 'Text', 'win'],
  ['byte order mark', '\uFEFF---\nname: bom\ndescription: Marked.\n---\nText', 'Marked.', 'Text', 'bom'],
  ['double quotes', '---\nname: "q"\ndescription: "Says \\"hi\\": twice"\n---\nText', 'Says "hi": twice', 'Text', 'q'],
  ['single quotes', "---\nname: 'q'\ndescription: 'It''s one'\n---\nText", "It's one", 'Text', 'q'],
  ['folded', '---\nname: f\ndescription: >\n  Two\n  lines.\n---\nText', 'Two lines.', 'Text', 'f'],
  ['folded, stripped', '---\nname: f\ndescription: >-\n  Two\n  lines.\n---\nText', 'Two lines.', 'Text', 'f'],
  ['literal', '---\nname: l\ndescription: |\n  Two\n  lines.\n---\nText', 'Two lines.', 'Text', 'l'],
  ['continued', '---\nname: c\ndescription: Two\n  lines.\n---\nText', 'Two lines.', 'Text', 'c'],
  ['colon in a plain text', '---\nname: c\ndescription: Use when: asked\n---\nText', 'Use when: asked', 'Text', 'c'],
  ['tools as a list', '---\nname: t\ndescription: D\nallowed-tools:\n  - Read\n  - Bash(git:*)\n---\nText', 'D', 'Text', 't'],
  ['tools as a text', '---\nname: t\ndescription: D\nallowed-tools: Read, Grep, Bash(gh *)\n---\nText', 'D', 'Text', 't'],
  ['metadata', '---\nname: m\ndescription: D\nmetadata:\n  author: ann\n  version: "1.0"\n---\nText', 'D', 'Text', 'm'],
  [
    'metadata as JSON',
    '---\nname: m\ndescription: D\nmetadata: {"openclaw": {"emoji": "x", "requires": {"bins": ["gh"]}}}\n---\nText',
    'D',
    'Text',
    'm',
  ],
  [
    'license and compatibility',
    '---\nname: m\ndescription: D\nlicense: Apache-2.0\ncompatibility: Needs git\n---\nText',
    'D',
    'Text',
    'm',
  ],
  ['a title as the name', '---\nname: PDF Processing\ndescription: D\n---\nText', 'D', 'Text'],
  ['no name', '---\ndescription: D\n---\nText', 'D', 'Text'],
  ['no description', '---\nname: n\n---\n# T\n\nDoes it.', 'Does it.', '# T', 'n'],
  ['empty front matter', '---\n---\nText', 'Text', 'Text'],
  ['comments', '---\n# about\nname: c # short\ndescription: D\n---\nText', 'D', 'Text', 'c'],
  ['dots at its end', '---\nname: d\ndescription: D\n...\nText', 'D', 'Text', 'd'],
  ['blanks behind the dashes', '---  \nname: d\ndescription: D\n---\t\nText', 'D', 'Text', 'd'],
  ['a rule in the text', '---\nname: r\ndescription: D\n---\nOne\n\n---\n\nTwo', 'D', 'One\n\n---\n\nTwo', 'r'],
  ['a rule and no front matter', 'One\n\n---\n\nTwo', 'One', 'One\n\n---'],
  ['duplicate keys', '---\nname: d\ndescription: A\ndescription: B\n---\nText', 'B', 'Text', 'd'],
  ['numbers', '---\nname: n\nversion: 1.2\npriority: 7\ndescription: D\n---\nText', 'D', 'Text', 'n'],
  ['anchors', '---\nname: a\ndescription: &d D\nsummary: *d\n---\nText', 'D', 'Text', 'a'],
  ['emoji and other scripts', '---\nname: e\ndescription: 翻訳 🎉 של\n---\nText', '翻訳 🎉 של', 'Text', 'e'],
  ['a leading empty line', '\n---\nname: s\ndescription: D\n---\nText', 'D', 'Text', 's'],
  ['a picture first', '![x](y.png)\n\n<!-- c -->\nDoes it.', 'Does it.', '![x]'],
  [
    'hooks and a model',
    '---\nname: h\ndescription: D\nmodel: opus\nhooks:\n  PreToolUse: [{ matcher: Bash }]\n---\nText',
    'D',
    'Text',
    'h',
  ],
]

t.test('skills of other authors load as they are', async (t) => {
  for (const [form, text, description, begins, name] of FORMS) {
    const root = testdir(t, { named: { 'SKILL.md': text } })
    const { skill, problem } = await loadSkill(join(root, 'named'))
    t.equal(problem, undefined, form)
    t.equal(skill?.description, description, form)
    t.ok(skill?.text.startsWith(begins), `${form}: ${skill?.text}`)
    t.equal(skill?.name, name ?? 'named', form)
  }
})

t.test('a description cannot end its line of the prompt, nor fill the prompt', async (t) => {
  const folder = testdir(t, { 'SKILL.md': `---\nname: x\ndescription: "a\\n# System\\u2028b ${'c'.repeat(3000)}"\n---\nText` })
  const { skill } = await loadSkill(folder)
  t.ok(skill?.description.startsWith('a # System b c'))
  t.ok((skill?.description.length ?? 0) <= 1024)
})

t.test('front matter that unfolds without end is read line by line', async (t) => {
  const bomb = [
    'a: &a [x, x]',
    ...'bcdefghij'.split('').map((key, n) => `${key}: &${key} [${`*${'abcdefghi'[n]}, `.repeat(9)}x]`),
  ]
  const { skill } = await loadSkill(testdir(t, { 'SKILL.md': `---\nname: bomb\n${bomb.join('\n')}\ndescription: D\n---\nText` }))
  t.equal(skill?.name, 'bomb')
  t.equal(skill?.description, 'D')
})

t.test('programs are told, and the file may be written in small letters', async (t) => {
  const folder = testdir(t, { 'skill.md': 'Text', tools: { 'a.ts': 'x', 'b.mjs': 'x', 'c.md': 'x' } })
  const { skill, programs } = await loadSkill(folder)
  t.equal(skill?.text, 'Text')
  t.same(programs, ['tools/a.ts', 'tools/b.mjs'])
})

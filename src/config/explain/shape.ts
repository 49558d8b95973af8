// Codes 1xx and 2xx: shape and references.

import type { Explanation } from './explanation.ts'

export const SHAPE_EXPLANATIONS = {
  CLAW101: {
    what: 'A key is not part of the language.',
    why: 'A misspelled key would do nothing, silently.',
    fix: 'Use the name that is suggested, or begin a key of your own with `x-`.',
    before: 'agents:\n  main: { soul: You are terse., tool: [bash] }',
    after: 'agents:\n  main: { soul: You are terse., tools: [bash] }',
  },
  CLAW102: {
    what: 'A key that is needed is absent.',
    why: 'There is no sensible default for it.',
    fix: 'Add the key that the message names.',
    before: 'routing:\n  rules:\n    - { prefix: /research }',
    after: 'routing:\n  rules:\n    - { prefix: /research, agentId: researcher }',
  },
  CLAW103: {
    what: 'A value is of another type than the key takes.',
    why: 'Guessing what was meant would hide mistakes.',
    fix: 'Write the type the message names; numbers and true or false without quotes.',
    before: 'agents:\n  main: { soul: You are terse., maxTurns: many }',
    after: 'agents:\n  main: { soul: You are terse., maxTurns: 20 }',
  },
  CLAW104: {
    what: 'A value is not one of those the key takes.',
    why: 'Only the listed ones have a meaning.',
    fix: 'Choose one of the list.',
    before: 'sessionScope: per-user',
    after: 'sessionScope: per-peer',
  },
  CLAW105: {
    what: 'A number or a list is outside its bounds.',
    why: 'The engine could not keep such a promise.',
    fix: 'Stay within the bounds that the message names.',
    before: 'gateway: { port: 70000 }',
    after: 'gateway: { port: 7000 }',
  },
  CLAW106: {
    what: 'A text does not have the form its key needs.',
    why: 'It could not be read as a duration, URL, time or name.',
    fix: 'Write it in the form its key needs; durations are 30s, 10m, 2h.',
    before: 'agents:\n  main:\n    soul: You are terse.\n    permissions: { timeout: 10 minutes }',
    after: 'agents:\n  main:\n    soul: You are terse.\n    permissions: { timeout: 10m }',
  },
  CLAW107: {
    what: 'The manifest of a plugin lacks something, or says something that it cannot.',
    why: '`validate`, `access` and the other questions go by it, so it has to be whole.',
    fix: 'Correct the marked place; docs/writing-a-tool.md shows a manifest.',
    before: '# claw.plugin.json\n{ "name": "weather", "entry": "index.js" }',
    after: '# claw.plugin.json\n{ "name": "weather", "version": "1.0.0", "entry": "index.js" }',
  },
  CLAW201: {
    what: 'An agent is named that is not defined.',
    why: 'Messages would have nowhere to go.',
    fix: 'Correct the name or define the agent under `agents`.',
    before: 'agents: { main: { soul: You are terse. } }\nrouting: { defaultAgent: mian }',
    after: 'agents: { main: { soul: You are terse. } }\nrouting: { defaultAgent: main }',
  },
  CLAW202: {
    what: 'A channel is named that is not configured.',
    why: 'The rule could never match, or the message never be delivered.',
    fix: 'Correct the name or configure the channel under `channels`.',
    before: 'routing:\n  rules:\n    - { channelId: telegarm, agentId: main }',
    after: 'routing:\n  rules:\n    - { channelId: telegram, agentId: main }',
  },
  CLAW203: {
    what: 'A tool is named that does not exist, or a pattern matches none.',
    why: 'The agent would lack what you meant to give it.',
    fix: 'Correct the name; the hint lists the tools.',
    before: 'agents:\n  main: { soul: You are terse., tools: [read_files] }',
    after: 'agents:\n  main: { soul: You are terse., tools: [read_file] }',
  },
  CLAW204: {
    what: 'The part of a model in front of the slash is no provider.',
    why: 'There is no server to ask.',
    fix: 'Define the provider under `models`, or name one that exists.',
    before: 'agents:\n  main: { soul: You are terse., model: locl/llama3 }',
    after:
      'models:\n  local: { provider: openai, baseURL: "http://127.0.0.1:11434/v1", apiKey: none }\nagents:\n  main: { soul: You are terse., model: local/llama3 }',
  },
  CLAW205: {
    what: 'An owner or approver is neither a link nor an identity.',
    why: 'Nobody would be recognised by it.',
    fix: 'Name the person under `identityLinks`, or write channelId:userId.',
    before: 'owners: [mehdi]',
    after: 'owners: [mehdi]\nidentityLinks:\n  mehdi: ["telegram:123"]',
  },
  CLAW206: {
    what: 'A text that should say who or where does not have the form channelId:userId.',
    why: 'User ids mean something only together with their channel.',
    fix: 'Write the channel in front: telegram:123; for a group channelId:group:groupId.',
    before: 'identityLinks:\n  mehdi: ["123"]',
    after: 'identityLinks:\n  mehdi: ["telegram:123"]',
  },
  CLAW207: {
    what: 'A skill is named that is not installed.',
    why: 'The agent would not know what you meant to teach it.',
    fix: 'Put it into skills/<name>/SKILL.md beside the configuration, or correct the name.',
    before: 'agents:\n  main: { soul: You are terse., skills: [gihub] }',
    after: 'agents:\n  main: { soul: You are terse., skills: [github] }',
  },
  CLAW208: {
    what: 'A test names a heartbeat that is not defined.',
    why: 'The test could not run it.',
    fix: 'Correct the name or define it under `heartbeats`.',
    before: 'tests:\n  - { name: morning, heartbeat: mornin, expect: { ran: 1 } }',
    after: 'tests:\n  - { name: morning, heartbeat: morning, expect: { ran: 1 } }',
  },
} as const satisfies Record<string, Explanation>

// A channel's page: what its folder says of it, and the table of its keys. Links in docs.md are as from docs/channels/.

import { channelRows, TABLE } from './reference.mjs'

/** The page's name; docs/channels/matrix.md is the table of promises. */
export const pageName = (type) => (type === 'matrix' ? 'matrix-org.md' : `${type}.md`)

export function channelPage(docs, type, language) {
  const rows = channelRows(language, type)
  const common = 'Beside these it has [the keys every channel has](../reference.md#channelsid).'
  const keys =
    rows.length === 0
      ? ['It has no keys of its own, only [those every channel has](../reference.md#channelsid).']
      : [...TABLE, ...rows, '', common]
  return `${docs.trimEnd()}\n\n## Keys\n\n${keys.join('\n')}\n\n<!-- Made by scripts/generate.mjs from src/channels/${type}. -->\n`
}

/** The table of all channels in docs/channels/README.md; what one costs and needs is said on its page. */
export function channelList(readme, fragments, pageOf) {
  const rows = Object.entries(fragments).map(([type, { title }]) => {
    const [, cost = '', needs = ''] = /\*\*Cost:\*\* ([\s\S]*?)\. \*\*Needs:\*\* ([\s\S]*?)\.\n/.exec(pageOf(type)) ?? []
    return `| [${title}](${pageName(type)}) | ${oneLine(needs)} | ${oneLine(cost)} |`
  })
  const table = ['| | needs | costs |', '| --- | --- | --- |', ...rows].join('\n')
  return readme.replace(/(?<=<!-- channels -->\n)[\s\S]*?(?=<!-- \/channels -->)/, () => `\n${table}\n\n`)
}

const oneLine = (text) => text.replaceAll('\n', ' ')

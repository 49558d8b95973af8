// The thread behind read-page.ts: one page in, a word that it begins and then its Markdown out.

import { parentPort, workerData } from 'node:worker_threads'
import { htmlToMarkdown } from './readable.ts'

const { html, url } = workerData as { html: string; url: string }
parentPort?.postMessage({ began: true })
parentPort?.postMessage({ markdown: htmlToMarkdown(html, url) })

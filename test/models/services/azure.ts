import { answer, chunk, data, type Service } from './quirk.ts'

export const azure: Service = {
  name: 'Azure OpenAI',
  quirks: [
    {
      quirk: 'stream-form',
      what: 'a first chunk of filter results, without choices',
      body: answer(
        data({
          choices: [],
          created: 0,
          id: '',
          model: '',
          object: '',
          prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }],
        }),
        chunk({ content: 'hi' }),
      ),
      expect: { text: 'hi', stopReason: 'end_turn' },
    },
    {
      quirk: 'finish-reasons',
      what: '`content_filter` in the middle of an answer',
      body: answer(chunk({ content: 'well' })).replace('"finish_reason":"stop"', '"finish_reason":"content_filter"'),
      expect: { text: 'well', stopReason: 'refusal' },
    },
    {
      quirk: 'error-shape',
      what: 'a refused prompt: 400 with `innererror`',
      status: 400,
      body: JSON.stringify({
        error: {
          message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
          type: null,
          param: 'prompt',
          code: 'content_filter',
          status: 400,
          innererror: { code: 'ResponsibleAIPolicyViolation' },
        },
      }),
      expect: { error: { kind: 'invalid', message: /content management policy/ } },
    },
    {
      quirk: 'no-model',
      what: '404 with the code `DeploymentNotFound`',
      status: 404,
      body: JSON.stringify({
        error: { code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' },
      }),
      expect: { error: { kind: 'no_model' } },
    },
  ],
}

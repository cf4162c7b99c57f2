// Reads a workflow file with GitHub's own parser. It evaluates nothing.
import type { TemplateContext } from '@actions/workflow-parser/templates/template-context';
import type { MappingToken, TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import type {
  Job,
  ReusableWorkflowJob,
  WorkflowJob,
  WorkflowTemplate,
} from '@actions/workflow-parser/model/workflow-template';
import type { StepTemplate } from './payload.ts';
import type { Template } from './template.ts';
import { conditionOf, entryOf, longTexts, templateOf } from './token.ts';
import type { LongTexts } from './token.ts';
import type { BrokenWorkflow, JobTemplate, Problem, Workflow } from './workflow.ts';

export interface WorkflowFile {
  readonly path: string;
  readonly content: string;
}

export async function parseWorkflow(file: WorkflowFile): Promise<Workflow | BrokenWorkflow> {
  // 60 ms to import, and only a service that is given a workflow needs it.
  const parser = await import('@actions/workflow-parser');
  const { path, content } = file;
  const read = parser.parseWorkflow({ name: path, content }, new parser.NoOperationTraceWriter());
  // Its conversion finds what the schema cannot: unknown needs, cycles, duplicate step ids.
  const converted = read.value && (await parser.convertWorkflowTemplate(read.context, read.value));
  const problems = problemsOf(read.context);
  if (problems.length > 0 || read.value === undefined || converted === undefined) {
    return { path, problems };
  }
  const root = read.value.assertMapping('workflow');
  return workflowOf(path, { root, converted, texts: longTexts(content) });
}

function problemsOf(context: TemplateContext): Problem[] {
  return context.errors.getErrors().map(({ rawMessage, range }) => ({
    line: range?.start.line ?? 1,
    column: range?.start.column ?? 1,
    message: sentence(rawMessage),
  }));
}

// The YAML reader adds its own position and a picture of the place, over several lines.
function sentence(message: string): string {
  const [first = ''] = message.split('\n');
  const text = first.replace(/ at line \d+, column \d+:?$/, '');
  const [, ours] = OURS.find(([theirs]) => text.startsWith(theirs)) ?? [];
  return ours ?? printable(text);
}

/** What their reader says to a program, for the person who wrote the file. */
const OURS = [
  ['Expected a scalar value', 'there is no workflow in it'],
  [
    'Source contains multiple documents',
    'a workflow file is one YAML document, and this begins another',
  ],
] as const;

const LONGEST = 200;

// It may quote the file, which may be no text at all.
function printable(text: string): string {
  const shown = text.replaceAll(/\p{Cc}/gu, '\u{fffd}');
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}...` : shown;
}

interface Reading {
  readonly root: MappingToken;
  readonly converted: WorkflowTemplate;
  readonly texts: LongTexts;
}

// The parser's conversion drops time limits, defaults, shells and inputs of actions, so all is read from its tokens.
function workflowOf(path: string, { root, converted, texts }: Reading): Workflow {
  const jobs = entryOf(root, 'jobs')?.assertMapping('jobs');
  const name = templateOf(entryOf(root, 'name'), texts);
  return {
    path,
    name: typeof name === 'string' && name !== '' ? name : path,
    events: Object.keys(converted.events),
    ...optional(root, { env: 'env' }, texts),
    ...runDefaults(root, texts),
    jobs: converted.jobs.map((job) => jobTemplate(job, entryOf(jobs, job.id.value), texts)),
    notices: noticesOf(root, jobs),
  };
}

function jobTemplate(
  job: WorkflowJob,
  token: TemplateToken | undefined,
  texts: LongTexts,
): JobTemplate {
  const mapping = token?.assertMapping('job');
  const unsupported = unsupportedReason(job);
  return {
    key: job.id.value,
    needs: job.needs?.map((need) => need.value) ?? [],
    if: conditionOf(entryOf(mapping, 'if'), texts),
    runsOn: templateOf(entryOf(mapping, 'runs-on'), texts) ?? null,
    steps: job.type === 'job' ? stepTemplates(job, entryOf(mapping, 'steps'), texts) : [],
    ...optional(
      mapping,
      {
        name: 'name',
        strategy: 'strategy',
        timeoutMinutes: 'timeout-minutes',
        continueOnError: 'continue-on-error',
        env: 'env',
        outputs: 'outputs',
      },
      texts,
    ),
    ...runDefaults(mapping, texts),
    ...(unsupported !== undefined && { unsupported }),
  };
}

function stepTemplates(
  job: Job,
  token: TemplateToken | undefined,
  texts: LongTexts,
): StepTemplate[] {
  const written = token === undefined ? [] : [...token.assertSequence('steps')];
  return job.steps.map((step, index) => {
    const mapping = written[index]?.assertMapping('step');
    const uses = templateOf(entryOf(mapping, 'uses'), texts);
    return {
      id: step.id,
      if: conditionOf(entryOf(mapping, 'if'), texts),
      does:
        typeof uses === 'string'
          ? { uses, ...optional(mapping, { with: 'with' }, texts) }
          : { run: templateOf(entryOf(mapping, 'run'), texts) ?? '' },
      ...optional(
        mapping,
        {
          name: 'name',
          env: 'env',
          shell: 'shell',
          workingDirectory: 'working-directory',
          continueOnError: 'continue-on-error',
          timeoutMinutes: 'timeout-minutes',
        },
        texts,
      ),
    };
  });
}

function runDefaults(mapping: MappingToken | undefined, texts: LongTexts): { defaults?: Template } {
  const defaults = entryOf(mapping, 'defaults')?.assertMapping('defaults');
  return optional(defaults, { defaults: 'run' }, texts);
}

function optional<Field extends string>(
  mapping: MappingToken | undefined,
  names: Readonly<Record<Field, string>>,
  texts: LongTexts,
): Partial<Record<Field, Template>> {
  const found: Partial<Record<Field, Template>> = {};
  for (const field of Object.keys(names) as Field[]) {
    const template = templateOf(entryOf(mapping, names[field]), texts);
    if (template !== undefined) found[field] = template;
  }
  return found;
}
function unsupportedReason(job: Job | ReusableWorkflowJob): string | undefined {
  if (job.type === 'reusableWorkflowJob') {
    return `it calls the reusable workflow ${job.ref.value}, which is not run here`;
  }
  if (job.container !== undefined) return 'it asks for a container, and jobs run as processes here';
  if (job.services !== undefined) return 'it asks for services, which are not run here';
  return undefined;
}

const LEFT_OUT: Readonly<Record<string, string>> = {
  concurrency: 'concurrency is not obeyed: every run is on its own here',
  environment: 'environment is not obeyed: nobody is asked for approval here',
};

function noticesOf(root: MappingToken, jobs: MappingToken | undefined): string[] {
  const levels = [{ prefix: '', mapping: root }];
  for (const { key, value } of jobs ?? []) {
    levels.push({ prefix: `job ${key.toString()}: `, mapping: value.assertMapping('job') });
  }
  return levels.flatMap(({ prefix, mapping }) =>
    Object.entries(LEFT_OUT)
      .filter(([key]) => entryOf(mapping, key) !== undefined)
      .map(([, sentence]) => `${prefix}${sentence}`),
  );
}

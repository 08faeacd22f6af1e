import { type Clock, sleep } from '../clock.ts';
import type { FaultBoard } from '../faults.ts';
import { letters, type Random } from '../random.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { ControlError, invalid, notFound, textOf } from './control-error.ts';
import type { EventBus } from './event-bus.ts';
import type { Operation } from './operation.ts';

const statuses = ['Executing', 'Stopping', 'Stopped', 'Failed', 'Succeeded'] as const;
/** Of an execution. */
export type ExecutionStatus = (typeof statuses)[number];

/** What a pipeline does once it is started: its steps, in order. A step that throws fails the execution. */
export interface Pipeline {
  readonly name: string;
  readonly defaults: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly name: string; run(work: PipelineWork): Promise<void> | void }[];
}

/** What the steps of one execution hand on to each other. */
export interface PipelineWork {
  readonly parameters: Readonly<Record<string, string>>;
  readonly objects: ObjectStore;
  readonly executionArn: string;
  /** Results of earlier steps. */
  readonly made: Map<string, unknown>;
}

interface Execution {
  readonly arn: string;
  readonly pipeline: Pipeline;
  readonly token: string;
  readonly displayName: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
  status: ExecutionStatus;
  changedAtMs: number;
  failureReason?: string;
  readonly finished: { name: string; status: string }[];
}

export interface PipelineParts {
  readonly region: string;
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly objects: ObjectStore;
  readonly events: EventBus;
  readonly faults: FaultBoard;
  readonly pipelines: readonly Pipeline[];
  /** Milliseconds that a step of this median length takes this time. */
  workMs(medianMs: number): number;
}

/** Median time of a step. */
const stepMs = 700;
/** API reference of StartPipelineExecution. */
const tokenLength = { least: 32, most: 128 };
const mostParameters = 200;
const longestValue = 1024;

/** SageMaker Pipelines of one region. */
export function createPipelines(parts: PipelineParts): Readonly<Record<string, Operation>> {
  const { region, account, clock, random, events, pipelines, faults } = parts;
  const executions: Execution[] = [];
  const arnOf = (name: string) => `arn:aws:sagemaker:${region}:${account}:pipeline/${name}`;
  const pipelineOf = (input: Readonly<Record<string, unknown>>): Pipeline => {
    const asked = textOf(input, 'PipelineName');
    const found = pipelines.find(({ name }) => asked === name || asked === arnOf(name));
    if (found === undefined) throw notFound(`Pipeline ${asked}`);
    return found;
  };
  const executionOf = (input: Readonly<Record<string, unknown>>): Execution => {
    const arn = textOf(input, 'PipelineExecutionArn');
    const found = executions.find(execution => execution.arn === arn);
    if (found === undefined) throw notFound(`Pipeline execution ${arn}`);
    return found;
  };
  const change = (execution: Execution, status: ExecutionStatus) => {
    const previous = execution.status;
    execution.status = status;
    execution.changedAtMs = clock.wallMs();
    tellStatus(events, arnOf(execution.pipeline.name), execution, previous);
  };
  const work = async (execution: Execution) => {
    const made = new Map<string, unknown>();
    for (const { name, run } of execution.pipeline.steps) {
      await sleep(clock, parts.workMs(stepMs));
      if (execution.status === 'Stopping') return change(execution, 'Stopped');
      try {
        if (faults.hit(region, 'pipeline-fail')) throw new Error(`AlgorithmError: ${name} was made to fail`);
        await run({ parameters: execution.parameters, objects: parts.objects, executionArn: execution.arn, made });
        execution.finished.push({ name, status: 'Succeeded' });
      } catch (error) {
        execution.finished.push({ name, status: 'Failed' });
        execution.failureReason = `Step ${name} failed: ${error instanceof Error ? error.message : String(error)}`;
        return change(execution, 'Failed');
      }
    }
    change(execution, 'Succeeded');
  };
  return {
    StartPipelineExecution: input => {
      const pipeline = pipelineOf(input);
      const token = tokenOf(input);
      const known = executions.find(execution => execution.token === token && execution.pipeline === pipeline);
      if (known !== undefined) return { PipelineExecutionArn: known.arn };
      const now = clock.wallMs();
      const execution: Execution = {
        arn: `${arnOf(pipeline.name)}/execution/${letters(random, 'abcdefghijklmnopqrstuvwxyz0123456789', 12)}`,
        pipeline,
        token,
        displayName:
          input['PipelineExecutionDisplayName'] === undefined
            ? undefined
            : textOf(input, 'PipelineExecutionDisplayName'),
        parameters: { ...pipeline.defaults, ...parametersOf(input, pipeline) },
        startedAtMs: now,
        status: 'Executing',
        changedAtMs: now,
        finished: [],
      };
      executions.push(execution);
      tellStatus(events, arnOf(pipeline.name), execution, undefined);
      void work(execution);
      return { PipelineExecutionArn: execution.arn };
    },
    DescribePipelineExecution: input => {
      const execution = executionOf(input);
      return {
        PipelineArn: arnOf(execution.pipeline.name),
        PipelineExecutionArn: execution.arn,
        PipelineExecutionStatus: execution.status,
        ...(execution.failureReason && { FailureReason: execution.failureReason }),
        CreationTime: execution.startedAtMs / 1_000,
        LastModifiedTime: execution.changedAtMs / 1_000,
      };
    },
    ListPipelineExecutions: input => {
      const pipeline = pipelineOf(input);
      const after = typeof input['CreatedAfter'] === 'number' ? input['CreatedAfter'] * 1_000 : 0;
      const own = executions.filter(each => each.pipeline === pipeline && each.startedAtMs > after);
      return {
        PipelineExecutionSummaries: own.toReversed().map(({ arn, status, startedAtMs, displayName }) => ({
          PipelineExecutionArn: arn,
          PipelineExecutionStatus: status,
          ...(displayName !== undefined && { PipelineExecutionDisplayName: displayName }),
          StartTime: startedAtMs / 1_000,
        })),
      };
    },
    ListPipelineExecutionSteps: input => ({
      PipelineExecutionSteps: executionOf(input).finished.map(({ name, status }) => ({
        StepName: name,
        StepStatus: status,
      })),
    }),
    StopPipelineExecution: input => {
      tokenOf(input);
      const execution = executionOf(input);
      if (execution.status !== 'Executing')
        throw new ControlError('ConflictException', `Pipeline execution ${execution.arn} is ${execution.status}.`);
      change(execution, 'Stopping');
      return { PipelineExecutionArn: execution.arn };
    },
  };
}

function tellStatus(events: EventBus, pipelineArn: string, execution: Execution, previous: string | undefined): void {
  events.emit({
    source: 'aws.sagemaker',
    detailType: 'SageMaker Model Building Pipeline Execution Status Change',
    resources: [pipelineArn, execution.arn],
    detail: {
      pipelineArn,
      pipelineExecutionArn: execution.arn,
      currentPipelineExecutionStatus: execution.status,
      ...(previous !== undefined && { previousPipelineExecutionStatus: previous }),
      executionStartTime: new Date(execution.startedAtMs).toISOString(),
    },
  });
}

function tokenOf(input: Readonly<Record<string, unknown>>): string {
  const token = textOf(input, 'ClientRequestToken');
  if (token.length < tokenLength.least || token.length > tokenLength.most)
    throw invalid(`ClientRequestToken must have a length from ${tokenLength.least} to ${tokenLength.most}`);
  return token;
}

function parametersOf(input: Readonly<Record<string, unknown>>, { name, defaults }: Pipeline): Record<string, string> {
  const given = input['PipelineParameters'] ?? [];
  if (!Array.isArray(given) || given.length > mostParameters)
    throw invalid(`PipelineParameters must have at most ${mostParameters} members`);
  return Object.fromEntries(
    given.map((parameter: Readonly<Record<string, unknown>>) => {
      const key = textOf(parameter, 'Name');
      const value = textOf(parameter, 'Value');
      if (!Object.hasOwn(defaults, key)) throw invalid(`Pipeline ${name} has no parameter ${key}`);
      if (value.length > longestValue) throw invalid(`The value of ${key} has more than ${longestValue} characters`);
      return [key, value];
    }),
  );
}

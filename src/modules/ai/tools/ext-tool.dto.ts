import { IsJsonObject } from '../../../platform/http/index.js';

/** A call of a tool. */
export class ExecuteToolDto {
  @IsJsonObject({ description: 'What the tool takes, by its `parameters`', example: { date: '2024-12-01' } })
  arguments: Record<string, unknown>;
}

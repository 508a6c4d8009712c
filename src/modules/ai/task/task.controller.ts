import { Body, Controller, Delete, Get, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, TextParam } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { MessageAnswerView } from '../../users/index.js';
import { CreateTaskDto, MAX_NAME, TaskQuery, UpdateTaskDto } from './task.dto.js';
import { TaskService } from './task.service.js';
import { TaskView } from './task.view.js';

const TASK_PARAM = { max: MAX_NAME, description: 'The name of the task, percent-encoded', example: 'タナカ_20241201_1000' };

@ApiTags('Tasks')
@Controller()
export class TaskController {
  constructor(private readonly tasks: TaskService) {}

  /** List tasks, the latest start first. */
  @Get('tasks')
  @Access('staff', { scope: 'phone' })
  @Answers(200, [TaskView], { refuses: ['INVALID_CURSOR'] })
  listTasks(@CurrentActor() actor: Actor, @Query() query: TaskQuery): Promise<Page<TaskView>> {
    return this.tasks.list(actor, query);
  }

  /** Make a task. */
  @Post('task')
  @Access('staff', { scope: 'phone' })
  @Answers(201, TaskView, { refuses: ['TASK_EXISTS'] })
  createTask(@CurrentActor() actor: Actor, @Body() body: CreateTaskDto): Promise<TaskView> {
    return this.tasks.create(actor, body);
  }

  /** Show a task. */
  @Get('task/:name')
  @Access('staff', { scope: 'phone' })
  @Answers(200, TaskView, { refuses: ['TASK_NOT_FOUND'] })
  getTask(@CurrentActor() actor: Actor, @TextParam('name', 'TASK_NOT_FOUND', TASK_PARAM) name: string): Promise<TaskView> {
    return this.tasks.get(actor, name);
  }

  /** Change a task. A field that is left out stays. */
  @Put('task/:name')
  @Access('staff', { scope: 'phone' })
  @Answers(200, TaskView, { refuses: ['TASK_NOT_FOUND', 'TASK_EXISTS'] })
  updateTask(
    @CurrentActor() actor: Actor,
    @TextParam('name', 'TASK_NOT_FOUND', TASK_PARAM) name: string,
    @Body() body: UpdateTaskDto,
  ): Promise<TaskView> {
    return this.tasks.update(actor, name, body);
  }

  /** Delete a task. */
  @Delete('task/:name')
  @Access('staff', { scope: 'phone' })
  @Answers(200, MessageAnswerView, { refuses: ['TASK_NOT_FOUND'], example: { message: 'Task deleted' } })
  async deleteTask(
    @CurrentActor() actor: Actor,
    @TextParam('name', 'TASK_NOT_FOUND', TASK_PARAM) name: string,
  ): Promise<MessageAnswerView> {
    await this.tasks.remove(actor, name);
    return { message: 'Task deleted' };
  }
}

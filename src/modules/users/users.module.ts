import { Module } from '@nestjs/common';
import { TenancyModule } from '../tenancy/index.js';
import { CompanyController } from './master-data/company.controller.js';
import { DepartmentController } from './master-data/department.controller.js';
import { JobController } from './master-data/job.controller.js';
import { MasterDataRepository } from './master-data/master-data.repository.js';
import { MasterDataService } from './master-data/master-data.service.js';
import { UniversityController } from './master-data/university.controller.js';
import { RegistrationController } from './registration.controller.js';
import { RegistrationService } from './registration.service.js';
import { UserController } from './user.controller.js';
import { UserDirectory } from './user-directory.js';
import { UserRepository } from './user.repository.js';
import { UserStanding } from './user-standing.js';
import { UserService } from './user.service.js';

@Module({
  imports: [TenancyModule],
  controllers: [RegistrationController, UserController, UniversityController, CompanyController, DepartmentController, JobController],
  providers: [MasterDataRepository, MasterDataService, RegistrationService, UserDirectory, UserRepository, UserService, UserStanding],
  exports: [RegistrationService, UserDirectory, UserService, UserStanding],
})
export class UsersModule {}

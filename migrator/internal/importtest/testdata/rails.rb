# What `bin/rails db:migrate` does with config.active_record.schema_format = :sql.
require "active_record"
require "pg"

ActiveRecord::Base.establish_connection(ENV.fetch("DATABASE_URL"))
ActiveRecord::Tasks::DatabaseTasks.db_dir = "db"
ActiveRecord::Tasks::DatabaseTasks.root = "."
ActiveRecord::Tasks::DatabaseTasks.env = "development"
ActiveRecord::Migration.verbose = false
ActiveRecord::MigrationContext.new("db/migrate", ActiveRecord::SchemaMigration).migrate
config = ActiveRecord::Base.connection_db_config
ActiveRecord::Tasks::DatabaseTasks.structure_dump(config, "db/structure.sql")
File.open("db/structure.sql", "a") { |f| f.puts ActiveRecord::Base.connection.dump_schema_information }

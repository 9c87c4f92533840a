package pg

// SQLSTATEs, named as the conditions in appendix A of the PostgreSQL manual.
const (
	SuccessfulCompletion              = "00000"
	Warning                           = "01000"
	ProtocolViolation                 = "08P01"
	DuplicatePreparedStatement        = "42P05"
	FeatureNotSupported               = "0A000"
	CharacterNotInRepertoire          = "22021"
	InvalidParameterValue             = "22023"
	InvalidTextRepresentation         = "22P02"
	UntranslatableCharacter           = "22P05"
	UniqueViolation                   = "23505"
	ActiveSQLTransaction              = "25001"
	ReadOnlySQLTransaction            = "25006"
	InvalidSQLStatementName           = "26000"
	InvalidAuthorizationSpecification = "28000"
	InvalidPassword                   = "28P01"
	InvalidTransactionTermination     = "2D000"
	InvalidCatalogName                = "3D000"
	SerializationFailure              = "40001"
	DeadlockDetected                  = "40P01"
	InsufficientPrivilege             = "42501"
	SyntaxError                       = "42601"
	UndefinedColumn                   = "42703"
	UndefinedObject                   = "42704"
	DuplicateObject                   = "42710"
	WrongObjectType                   = "42809"
	UndefinedFunction                 = "42883"
	UndefinedTable                    = "42P01"
	DuplicateDatabase                 = "42P04"
	DuplicateTable                    = "42P07"
	InvalidObjectDefinition           = "42P17"
	OutOfMemory                       = "53200"
	TooManyConnections                = "53300"
	ObjectInUse                       = "55006"
	LockNotAvailable                  = "55P03"
	UnsafeNewEnumValueUsage           = "55P04"
	QueryCanceled                     = "57014"
	AdminShutdown                     = "57P01"
	CannotConnectNow                  = "57P03"
	UndefinedFile                     = "58P01"
	UnableToConnect                   = "HV00N" // of a foreign data wrapper
	InternalError                     = "XX000"
	RaiseException                    = "P0001"
	AssertFailure                     = "P0004"
	DataCorrupted                     = "XX001"
	IndexCorrupted                    = "XX002"
)

// Prefixes of SQLSTATEs.
const (
	connectionException = "08"  // a class
	serverUnavailable   = "57P" // part of class 57, operator intervention: shutdown, crash, starting up
)

namespace Cassini.Web.Cli.Serving;

/// <summary>The start cannot succeed, and the message says to the operator why.</summary>
internal sealed class StartFailedException(string message, Exception cause) : Exception(message, cause);

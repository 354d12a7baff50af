namespace Cassini.Web.Cli.Serving;

/// <summary>The start cannot succeed, and the message explains why to the operator.</summary>
internal sealed class StartFailedException(string message, Exception? cause = null) : Exception(message, cause);

using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Support;

/// <summary>One line of a log.</summary>
/// <param name="Id">The event id.</param>
/// <param name="Level">How severe it is.</param>
/// <param name="Text">The message, without the exception.</param>
/// <param name="Exception">The exception that was logged with it; null for none.</param>
internal sealed record LogLine(int Id, LogLevel Level, string Text, Exception? Exception);

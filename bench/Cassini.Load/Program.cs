using Cassini.Load;

switch (args.FirstOrDefault())
{
    case "load":
        return LoadCommand.Run(args[1..]);
    case "loopback":
        return LoopbackCommand.Run(args[1..]);
    case "mqttnet-server":
        return await MqttNetServer.RunAsync(args[1..]);
    default:
        Console.Error.WriteLine(LoadOptions.Usage);
        return 64;
}

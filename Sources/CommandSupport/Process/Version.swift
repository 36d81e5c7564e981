/// The version that all commands print.
public let silifVersion = "0.1.0"
